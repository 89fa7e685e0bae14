package support

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// titleLength is how many characters a title has at most: what GitHub shows of it in a list.
const titleLength = 80

// render returns the issue as it should be: a title, and a body that says who asked what, where and when.
func (t *ticket) render(main *store.Message) (title, body string, err error) {
	doc, err := t.docOf(main)
	if err != nil {
		return "", "", err
	}
	title = doc.Title(t.name, titleLength, t.Group, t.BotUser)
	if title == "" {
		said, err := t.texts.say(t.row.Language, "issue_title", map[string]any{
			"Who": plain(whoSaid(main), t.name), "Where": plain(where(main), t.name),
		})
		if err != nil {
			return "", "", err
		}
		title = text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{{Text: said}}}}.Title(t.name, titleLength)
	}
	body, err = t.renderMessage(main, "issue_asked")
	return title, body, err
}

// renderMessage returns a message as a part of an issue, headed by who wrote it, where and when.
func (t *ticket) renderMessage(m *store.Message, heading string) (string, error) {
	doc, err := t.docOf(m)
	if err != nil {
		return "", err
	}
	head, err := t.texts.say(t.row.Language, heading, map[string]any{
		"Who": markdown(whoSaid(m), t.name), "Where": markdown(where(m), t.name), "When": m.At.UTC().Format("2006-01-02 15:04 UTC"), "Link": t.link(m),
	})
	if err != nil {
		return "", err
	}
	parts := []string{head}
	note := ""
	switch {
	case m.Deleted:
		note = "issue_deleted"
	case !m.Mention:
		note = "issue_taken_back"
		fallthrough
	default:
		parts = append(parts, doc.Markdown(t.name))
	}
	if note != "" {
		said, err := t.texts.say(t.row.Language, note, nil)
		if err != nil {
			return "", err
		}
		parts = append(parts, said)
	}
	return strings.Join(parts, "\n\n"), nil
}

// whoSaid is who wrote m.
func whoSaid(m *store.Message) text.Inline {
	if !m.Person {
		return text.Inline{Text: cmp.Or(m.Name, m.Sender)}
	}
	return text.Inline{Kind: text.User, ID: m.Sender}
}

// where is the channel of m.
func where(m *store.Message) text.Inline { return text.Inline{Kind: text.Channel, ID: m.Channel} }

func markdown(in text.Inline, names text.Names) string {
	return text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{in}}}.Markdown(names)
}

func plain(in text.Inline, names text.Names) string {
	return text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{in}}}.Plain(names)
}

func (t *ticket) link(m *store.Message) string {
	return slack.Permalink(t.Workspace, m.Channel, m.TS, m.Thread)
}

// fingerprint tells one content from another.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
