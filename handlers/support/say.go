package support

import (
	"cmp"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"supportbot/bot"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// notARequest is the action of the button that closes a ticket that asked for nothing.
const notARequest = "ticket.not_a_request"

// show has the reply in the ticket's thread say a text of the catalog. It posts once and edits afterwards.
func (t *ticket) show(id string, blocks func(said string) ([]slackapi.Block, error)) error {
	said, err := t.texts.say(t.language(), id, t.values())
	if err != nil {
		return err
	}
	show := slack.Show{Channel: t.row.Channel, ThreadTS: t.row.Thread, Text: said, Sole: true}
	if blocks != nil {
		b, err := blocks(said)
		if err != nil {
			return err
		}
		show.Blocks = encode(b)
	}
	t.row.Shown = id
	t.plan(store.Action{Kind: "slack.show", Slot: t.replySlot(), Priority: tell, Body: encode(show)})
	return nil
}

// showIn says a text in the thread of m, beside the reply.
func (t *ticket) showIn(m *store.Message, slot, id string) error {
	lang, err := t.languageOf(m)
	if err != nil {
		return err
	}
	said, err := t.texts.say(lang, id, t.values())
	if err != nil {
		return err
	}
	t.plan(store.Action{Kind: "slack.show", Slot: slot, Priority: tell,
		Body: encode(slack.Show{Channel: m.Channel, ThreadTS: m.Thread, Text: said, Sole: true})})
	return nil
}

func (t *ticket) values() map[string]any {
	return map[string]any{"URL": t.row.URL, "Issue": t.row.Issue, "Ticket": t.row.ID}
}

func (t *ticket) language() string { return cmp.Or(t.row.Language, english) }

// receipt is the reply's blocks: the text, and the team's button.
func (t *ticket) receipt(said string) ([]slackapi.Block, error) {
	word := func(id string) (*slackapi.TextBlockObject, error) {
		w, err := t.texts.say(t.language(), id, t.values())
		return slackapi.NewTextBlockObject(slackapi.PlainTextType, w, false, false), err
	}
	words := map[string]*slackapi.TextBlockObject{}
	for _, id := range []string{"not_a_request", "not_a_request_hint", "not_a_request_title", "not_a_request_text", "yes", "no"} {
		w, err := word(id)
		if err != nil {
			return nil, err
		}
		words[id] = w
	}
	button := slackapi.NewButtonBlockElement(notARequest, t.row.ID, words["not_a_request"])
	button.AccessibilityLabel = words["not_a_request_hint"].Text
	button.Confirm = slackapi.NewConfirmationBlockObject(words["not_a_request_title"], words["not_a_request_text"], words["yes"], words["no"])
	return []slackapi.Block{
		slackapi.NewSectionBlock(slackapi.NewTextBlockObject(slackapi.MarkdownType, said, false, false), nil, nil),
		slackapi.NewActionBlock("", button),
	}, nil
}

// warn tells the sender, once a message, that a secret was withheld, to change it, and how to hand it over.
func (t *ticket) warn(m *store.Message) error {
	kinds := slices.Compact(slices.Sorted(slices.Values(m.Withheld)))
	m.Withheld = nil
	if len(kinds) == 0 || !m.Person || m.Warned {
		return nil
	}
	m.Warned = true
	lang, err := t.languageOf(m)
	if err != nil {
		return err
	}
	handover := t.Handover.English
	if lang == japanese {
		handover = t.Handover.Japanese
	}
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = t.texts.kind(lang, kind)
	}
	said, err := t.texts.say(lang, "withheld", map[string]any{
		"Channel": m.Channel, "Kinds": strings.Join(names, ", "), "Link": t.link(m), "Handover": handover,
	})
	if err != nil {
		return err
	}
	t.plan(store.Action{Kind: "slack.notify", Priority: tell, Body: encode(slack.Notify{Channel: m.Sender, Text: said})})
	return nil
}

// whisper says a text to who clicked, and to nobody else.
func (t *ticket) whisper(c bot.Click, id string) error {
	clicker, err := t.entry(c.User)
	if err != nil {
		return err
	}
	lang := t.language()
	if clicker != nil {
		lang = languageOf(clicker.Locale)
	}
	said, err := t.texts.say(lang, id, t.values())
	if err != nil {
		return err
	}
	t.plan(store.Action{Kind: "slack.whisper", Priority: tell,
		Body: encode(slack.Whisper{Channel: c.Channel, User: c.User, ThreadTS: c.Thread, Text: said})})
	return nil
}
