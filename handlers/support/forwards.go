package support

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"supportbot/bot/text"
	"supportbot/store"
)

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
	link := t.markdown(linkTo(label, f.Link))
	if !public {
		return t.texts.say(t.row.Language, "issue_forward", map[string]any{"Link": link})
	}
	doc, err := forwardDoc(f)
	if err != nil {
		return "", err
	}
	who := ""
	if f.Author != "" {
		who = t.markdown(text.Inline{Kind: text.User, ID: f.Author})
	}
	heading, err := t.texts.say(t.row.Language, "issue_forward", map[string]any{
		"Link": link, "Who": who, "Where": t.markdown(text.Inline{Kind: text.Channel, ID: f.Channel}),
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
