package support

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// titleLength is how many characters a title has at most: what GitHub shows of it in a list.
const titleLength = 80

// render returns the issue as it should be: a title, and a body that says who asked what, where and when, and
// what was said in the thread.
func (t *ticket) render() (title, body string, err error) {
	main := t.message(t.row.Main)
	asked, err := t.request(main)
	if err != nil {
		return "", "", err
	}
	if title, err = t.renderTitle(asked, main); err != nil {
		return "", "", err
	}
	head, err := t.heading("issue_asked", asked, main)
	if err != nil {
		return "", "", err
	}
	said, err := t.renderPart(bodyPart, true)
	if err != nil {
		return "", "", err
	}
	note := ""
	if known := t.row.Threads[threadKey(main)]; known == store.ThreadCut || known == store.ThreadUnread {
		if note, err = t.say("issue_cut"); err != nil {
			return "", "", err
		}
	}
	return title, joined(head, note, said), nil
}

// renderTitle returns the first meaningful line of who asks: where they began the thread themselves, and mention us
// only later, that of its beginning. Without one it is that of the thread, without that a greeting, or a neutral one.
func (t *ticket) renderTitle(asked, main *store.Message) (string, error) {
	candidates := append([]*store.Message{asked, main}, t.inPart(bodyPart)...)
	if root := t.message(main.Thread); root != nil && root.Sender == asked.Sender {
		candidates = append([]*store.Message{root}, candidates...)
	}
	for _, titled := range []makeTitle{text.Doc.Subject, text.Doc.Title} {
		if title, err := t.titleOf(candidates, titled); title != "" || err != nil {
			return title, err
		}
	}
	place, err := t.place(main)
	if err != nil {
		return "", err
	}
	if place != "" {
		return t.say(placeTexts[place].title)
	}
	said, err := t.texts.say(t.row.Language, "issue_title", map[string]any{
		"Who": t.plain(whoSaid(asked)), "Where": t.plain(where(main)),
	})
	return paragraph(text.Inline{Text: said}).Title(t.name, titleLength), err
}

// makeTitle makes a title of a text, empty if it has none.
type makeTitle func(doc text.Doc, n text.Names, max int, ids ...string) string

// titleOf returns the first title that the messages have, empty if none has one.
func (t *ticket) titleOf(messages []*store.Message, titled makeTitle) (string, error) {
	for _, m := range messages {
		may, err := t.publishable(m)
		if err != nil {
			return "", err
		}
		doc, err := t.docOf(m)
		if err != nil {
			return "", err
		}
		if title := titled(doc, t.name, titleLength, t.Group, t.BotUser); may && title != "" {
			return title, nil
		}
	}
	return "", nil
}

// renderComment returns the comment that begins with head, empty if there is nothing to show.
func (t *ticket) renderComment(head *store.Message) (string, error) {
	messages := t.inPart(head.Part)
	if len(messages) > 1 {
		return t.renderPart(head.Part, head.Comment != 0)
	}
	shown, err := t.shown(head, head.Comment != 0)
	if !shown || err != nil {
		return "", err
	}
	id := "issue_added"
	if t.inThread(head) {
		id = "issue_replied"
	}
	heading, err := t.heading(id, head, head)
	if err != nil {
		return "", err
	}
	said, err := t.renderMessage(head)
	return joined(heading, said), err
}

// renderPart returns the messages of a part, each headed by who wrote it and when; what stands alone in
// the body and was written by who asks needs no heading of its own. there says whether GitHub has the part already.
func (t *ticket) renderPart(part string, there bool) (string, error) {
	var messages []*store.Message
	for _, m := range t.inPart(part) {
		shown, err := t.shown(m, there)
		if err != nil {
			return "", err
		}
		if shown {
			messages = append(messages, m)
		}
	}
	alone := part == bodyPart && len(messages) == 1 && messages[0].Sender == t.row.Requester
	var said []string
	for _, m := range messages {
		if !alone {
			heading, err := t.heading("issue_said", m, m)
			if err != nil {
				return "", err
			}
			said = append(said, heading)
		}
		text, err := t.renderMessage(m)
		if err != nil {
			return "", err
		}
		said = append(said, text)
	}
	return joined(said...), nil
}

// shown says whether the issue shows that m was written. Of private talk only requests are shown, without their
// text; what was taken back before GitHub had it is not, unless there is something else in its thread.
func (t *ticket) shown(m *store.Message, there bool) (bool, error) {
	if !there && (m.Deleted || takenBack(m) && !t.inThread(m) && !t.talkBeside(m)) || t.unlisted(m) {
		return false, nil
	}
	may, err := t.publishable(m)
	return may || m.Asks && !m.Direct || m.TS == t.row.Main && t.inThread(m), err
}

// takenBack says whether m asked for something, and does no more.
func takenBack(m *store.Message) bool { return m.Asks && !m.Mention }

// talkBeside says whether something is said in the thread of m, beside m, that was not taken back. Without m nobody would
// know what it is about.
func (t *ticket) talkBeside(m *store.Message) bool {
	return slices.ContainsFunc(t.messages, func(other *store.Message) bool {
		return other != m && !other.Deleted && !takenBack(other) && threadKey(other) == threadKey(m)
	})
}

// renderMessage returns the text of m, or a note why there is none.
func (t *ticket) renderMessage(m *store.Message) (string, error) {
	may, err := t.publishable(m)
	if err != nil {
		return "", err
	}
	switch {
	case m.Deleted:
		return t.say("issue_deleted")
	case !may:
		place, err := t.place(m)
		if err != nil {
			return "", err
		}
		if place == placePrivate && !m.Person { // nobody may publish it
			return t.say("issue_private_bot")
		}
		return t.say(placeTexts[place].note)
	}
	said, err := t.renderText(m)
	if err != nil || !takenBack(m) {
		return said, err
	}
	note, err := t.say("issue_taken_back")
	return joined(said, note), err
}

// renderText returns what m says as Markdown, with what it forwards and its files.
func (t *ticket) renderText(m *store.Message) (string, error) {
	doc, err := t.docOf(m)
	if err != nil {
		return "", err
	}
	said := doc.Markdown(t.name)
	attached, err := t.renderAttached(m, maxPart-utf8.RuneCountInString(said))
	return joined(append([]string{said}, attached...)...), err
}

// heading renders a heading that says who wrote, and of a message where, when, and how to get there.
func (t *ticket) heading(id string, who, m *store.Message) (string, error) {
	place, err := t.place(m)
	if err != nil {
		return "", err
	}
	channel := t.markdown(where(m))
	if place != "" {
		if channel, err = t.say(placeTexts[place].where); err != nil {
			return "", err
		}
	}
	return t.texts.say(t.row.Language, id, map[string]any{
		"Who": t.markdown(whoSaid(who)), "Where": channel, "When": t.when(m), "Link": t.link(m),
	})
}

// when is the time of m in the zone of the issue.
func (t *ticket) when(m *store.Message) string {
	at := m.At.In(t.zones.get(t.row.Zone))
	layout := "2006-01-02 15:04 MST"
	if name, _ := at.Zone(); strings.ContainsAny(name, "+-") { // the zone has no letters
		layout = "2006-01-02 15:04 UTC-07:00"
	}
	return at.Format(layout)
}

// zones remembers time zones by name: each is in a file.
type zones struct{ known sync.Map }

// get returns the zone of a name such as "Asia/Tokyo"; UTC if there is none.
func (z *zones) get(name string) *time.Location {
	if at, ok := z.known.Load(name); ok {
		return at.(*time.Location)
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		at = time.UTC
	}
	z.known.Store(name, at)
	return at
}

func (t *ticket) say(id string) (string, error) { return t.texts.say(t.row.Language, id, nil) }

// joined joins the paragraphs that say something.
func joined(paragraphs ...string) string {
	return strings.Join(slices.DeleteFunc(paragraphs, func(p string) bool { return p == "" }), "\n\n")
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

func (t *ticket) markdown(in text.Inline) string { return paragraph(in).Markdown(t.name) }

func (t *ticket) plain(in text.Inline) string { return paragraph(in).Plain(t.name) }

func paragraph(in text.Inline) text.Doc {
	return text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{in}}}
}

func (t *ticket) link(m *store.Message) string {
	return slack.Permalink(t.Workspace, m.Channel, m.TS, m.Thread)
}

// fingerprint tells one content from another.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
