package support

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// readFileKind is the action that reads the text of a file.
const readFileKind = "slack.read_file"

// filesAtOnce is how many files of one ticket are read at the same time. More follow, but nothing waits for them.
const filesAtOnce = 10

// mergeFiles returns the files of a newer version of a message with what is known of them: their content, and that
// one is gone, which is final.
func mergeFiles(known, newer []store.File) []store.File {
	merged := slices.Clone(newer)
	for i := range merged {
		f := &merged[i]
		k := slices.IndexFunc(known, func(k store.File) bool { return k.ID == f.ID })
		switch {
		case k < 0:
		case f.Gone || known[k].Gone:
			*f = store.File{ID: f.ID, Name: cmp.Or(known[k].Name, f.Name), Gone: true}
		default:
			f.State, f.Text, f.Key = known[k].State, known[k].Text, known[k].Key
		}
	}
	return merged
}

// readFiles has the files read whose text the issue may show, a few at once. It says whether it planned reads that
// the issue waits for, and whether it waits for any.
func (t *ticket) readFiles() (planned, awaited bool, err error) {
	reading := 0
	for _, m := range t.messages {
		reading += countFiles(m, store.FileReading)
	}
	for _, m := range t.messages {
		may, err := t.publishable(m)
		if err != nil {
			return false, false, err
		}
		for i := range m.Files {
			f := &m.Files[i]
			if may && f.State == store.FileUnread && reading < filesAtOnce {
				reading++
				f.State = store.FileReading
				t.plan(store.Action{Kind: readFileKind, Priority: naming, Answer: true, Body: encode(slack.Read{ID: f.ID})})
				if !m.Named {
					planned = true
					t.row.Reading++
				}
			}
			awaited = awaited || f.State == store.FileReading && !m.Named
		}
	}
	return planned, awaited, nil
}

func countFiles(m *store.Message, state string) (n int) {
	for _, f := range m.Files {
		if f.State == state {
			n++
		}
	}
	return n
}

// fileRead takes in what a file says. One that can't be read is linked to.
func (t *ticket) fileRead(a store.Answer) error {
	var asked slack.Read
	if err := json.Unmarshal(a.Body, &asked); err != nil {
		return err
	}
	var read slack.FileText
	if a.State == store.Done {
		if err := json.Unmarshal(a.Result, &read); err != nil {
			return err
		}
	}
	for _, m := range t.messages {
		for i := range m.Files {
			f := &m.Files[i]
			if f.ID != asked.ID || f.State != store.FileReading {
				continue
			}
			if !m.Named {
				t.row.Reading = max(t.row.Reading-1, 0)
			}
			f.State = store.FileRead
			if a.State != store.Done {
				f.State = store.FileFailed
			}
			f.Text, f.Key = read.Text, read.Key
			m.Withheld = append(m.Withheld, read.Withheld...)
			m.Stale = true
		}
	}
	return nil
}

// forwardRefs returns whose name is needed to show what m forwards, and what the directory must know to tell whether
// it may be shown.
func forwardRefs(m *store.Message) ([]text.Ref, error) {
	var refs []text.Ref
	for _, f := range m.Forwards {
		refs = append(refs, text.Ref{Kind: text.Channel, ID: f.Channel}, text.Ref{Kind: text.User, ID: f.Author})
		doc, err := forwardDoc(f)
		if err != nil {
			return nil, err
		}
		refs = append(refs, doc.Refs()...)
	}
	return refs, nil
}

// forwardsFrom says whether m forwards something from a channel.
func forwardsFrom(m *store.Message, channel string) bool {
	return slices.ContainsFunc(m.Forwards, func(f store.Forward) bool { return f.Channel == channel })
}

// clockSkew is how far Slack's clock may be ahead of ours.
const clockSkew = time.Minute

// readSince says whether Slack told us of a channel after m was written. Of channels that the bot is not in nobody tells
// it that they became private.
func readSince(channel *store.Entry, m *store.Message) bool {
	return m.At.Sub(channel.ReadAt) <= clockSkew
}

func forwardDoc(f store.Forward) (doc text.Doc, err error) {
	if len(f.Doc) > 0 {
		if err := json.Unmarshal(f.Doc, &doc); err != nil {
			return nil, fmt.Errorf("read what was forwarded from %s: %w", f.Link, err)
		}
	}
	return doc, nil
}

// renderAttached returns what m forwards and its files as Markdown. What does not fit beside the text of m, of which
// room is left, is linked to.
func (t *ticket) renderAttached(m *store.Message, room int) (parts []string, err error) {
	add := func(part string) {
		parts = append(parts, part)
		room -= utf8.RuneCountInString(part)
	}
	for _, f := range m.Forwards {
		forwarded, err := t.renderForward(m, f, room)
		if err != nil {
			return nil, err
		}
		add(forwarded)
	}
	for _, f := range m.Files {
		line, err := t.renderFile(f)
		if err != nil {
			return nil, err
		}
		add(line)
		content, err := t.renderContent(f)
		if err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(content) <= room {
			add(content)
		}
	}
	return parts, nil
}

// renderForward returns a message that m forwards as a quotation, if everybody in the company may read it where it was
// said; else only the link.
func (t *ticket) renderForward(m *store.Message, f store.Forward, room int) (string, error) {
	public, err := t.public(f.Channel, m)
	if err != nil {
		return "", err
	}
	label, err := t.say("issue_forward_link")
	if err != nil {
		return "", err
	}
	link := markdown(linkTo(label, f.Link), t.name)
	if !public {
		return t.texts.say(t.row.Language, "issue_forward", map[string]any{"Link": link})
	}
	doc, err := forwardDoc(f)
	if err != nil {
		return "", err
	}
	who := ""
	if f.Author != "" {
		who = markdown(text.Inline{Kind: text.User, ID: f.Author}, t.name)
	}
	heading, err := t.texts.say(t.row.Language, "issue_forward", map[string]any{
		"Link": link, "Who": who, "Where": markdown(text.Inline{Kind: text.Channel, ID: f.Channel}, t.name),
	})
	if err != nil {
		return "", err
	}
	lines := []string{heading, doc.Quoted().Markdown(t.name)}
	for _, file := range f.Files {
		line, err := t.renderFile(file)
		if err != nil {
			return "", err
		}
		lines = append(lines, line)
	}
	if whole := joined(lines...); utf8.RuneCountInString(whole) <= room {
		return whole, nil
	}
	return heading, nil
}

// public says whether it is known of a channel that everybody in the company, and nobody else, may read it since m
// was written.
func (t *ticket) public(channel string, m *store.Message) (bool, error) {
	c, err := t.entry(channel)
	return c != nil && c.Kind == store.ChannelEntry && !c.Unknown && !c.Private && !c.Shared && readSince(c, m), err
}

// renderFile names a file, with its size and a link to it. A key file is only named.
func (t *ticket) renderFile(f store.File) (string, error) {
	id, link := "issue_file", f.Link
	switch {
	case f.Gone:
		id, link = "issue_file_gone", ""
	case f.Key:
		id, link = "issue_file_key", ""
	}
	return t.texts.say(t.row.Language, id, map[string]any{
		"Name": markdown(linkTo(cmp.Or(f.Name, f.ID), link), t.name), "Size": humanSize(f.Size),
	})
}

// renderContent returns the text of a file, folded; empty if there is none to show.
func (t *ticket) renderContent(f store.File) (string, error) {
	if f.Gone || f.Key || f.Text == "" {
		return "", nil
	}
	title, err := t.say("issue_file_text")
	return text.Folded(title, f.Text), err
}

// linkTo is a link, or its label alone if there is no address.
func linkTo(label, address string) text.Inline {
	if address == "" {
		return text.Inline{Text: label}
	}
	return text.Inline{Kind: text.Link, Text: label, URL: address}
}

// humanSize is a number of bytes as people read it, empty if it is not known.
func humanSize(bytes int64) string {
	if bytes <= 0 {
		return ""
	}
	size, unit := float64(bytes), "B"
	for _, larger := range []string{"kB", "MB", "GB"} {
		if size < 999.5 {
			break
		}
		size, unit = size/1000, larger
	}
	if size < 9.95 && unit != "B" {
		return fmt.Sprintf("%.1f %s", size, unit)
	}
	return fmt.Sprintf("%.0f %s", size, unit)
}

// expected is how many characters more m may have once its files are read.
func expected(m *store.Message) (n int) {
	for _, f := range m.Files {
		if f.State == store.FileUnread || f.State == store.FileReading {
			n += int(f.Size) + foldRoom
		}
	}
	return n
}

// foldRoom is room for what stands around the text of a file.
const foldRoom = 150
