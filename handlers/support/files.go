package support

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// readFileKind is the action that reads the text of a file.
const readFileKind = "slack.read_file"

// filesAtOnce is how many files of one ticket are read at the same time. More follow, but nothing waits for them.
const filesAtOnce = 10

// maxInlined is how many bytes of files the issue of one ticket shows. All of a ticket is looked at whenever something is
// decided about it; what comes beyond is linked to.
const maxInlined = 1_000_000

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
		case f.Name == "" && f.Link == "": // its plan has Slack hide it (mode hidden_by_limit), and tell no more than the id
			*f = known[k]
		default:
			f.State, f.Text, f.Key = known[k].State, known[k].Text, known[k].Key
		}
	}
	return merged
}

// readFiles has the files read whose text the issue may show, a few at once. It says whether it planned reads that
// the issue waits for, and whether it waits for any.
func (t *ticket) readFiles() (planned, awaited bool, err error) {
	reading, inlined := 0, int64(0)
	for _, m := range t.messages {
		reading += countFiles(m, store.FileReading)
		inlined += inlinedSize(m)
	}
	for _, m := range t.messages {
		may, err := t.publishable(m)
		if err != nil {
			return false, false, err
		}
		for i := range m.Files {
			f := &m.Files[i]
			if f.State == store.FileUnread && inlined+f.Size > maxInlined {
				f.State = "" // only linked to
			}
			if may && f.State == store.FileUnread && reading < filesAtOnce {
				reading, inlined = reading+1, inlined+f.Size
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

// inlinedSize is how many bytes of the files of m the issue shows, or will when they are read.
func inlinedSize(m *store.Message) (n int64) {
	for _, f := range m.Files {
		if f.State == store.FileReading {
			n += f.Size
		}
		n += int64(len(f.Text))
	}
	return n
}

// fileRead takes in what a file says. One that can't be read is linked to.
func (t *ticket) fileRead(a store.Answer) error {
	var asked slack.Read
	if err := t.view.Payload(a.Action, &asked); err != nil {
		return err
	}
	var read slack.FileText
	state := store.FileFailed
	switch a.State {
	case store.Done:
		if err := json.Unmarshal(a.Result, &read); err != nil {
			return err
		}
		state, t.row.Rereads = store.FileRead, 0
	case store.Withdrawn:
		state = store.FileMissed
		t.askAgainLater()
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
			f.State, f.Text, f.Key = state, read.Text, read.Key
			m.Withheld = append(m.Withheld, read.Withheld...)
			m.Stale = true
		}
	}
	return nil
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
		"Name": t.markdown(linkTo(cmp.Or(f.Name, f.ID), link)), "Size": humanSize(f.Size),
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
