package support

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"supportbot/bot"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// Actions of our buttons.
const (
	notARequest = "ticket.not_a_request" // closes a ticket that asked for nothing
	publish     = "ticket.publish"       // puts the clicker's private text into the issue
)

// show has the reply in the ticket's thread say a text of the catalog. It posts once and edits afterwards.
func (t *ticket) show(id string, blocks func(said string) ([]slackapi.Block, error)) error {
	said, err := t.sayTo(t.row.Requester, t.language(), id)
	if err != nil {
		return err
	}
	main := t.message(t.row.Main)
	unsure := t.row.Shown == "" && main != nil && main.Found // we may have said it, and forgotten
	t.row.Shown = id
	return t.planShow(t.replySlot(), slack.Show{Channel: t.row.Channel, ThreadTS: t.row.Thread, Text: said}, unsure, blocks)
}

func (t *ticket) planShow(slot string, show slack.Show, unsure bool, blocks func(said string) ([]slackapi.Block, error)) error {
	if blocks != nil {
		b, err := blocks(show.Text)
		if err != nil {
			return err
		}
		show.Blocks = encode(b)
	}
	t.plan(store.Action{Kind: "slack.show", Slot: slot, Priority: tell, Unsure: unsure, Body: encode(show)})
	return nil
}

// showIn says a text in the thread of m, beside the reply.
func (t *ticket) showIn(m *store.Message, slot, id string, blocks func(said string) ([]slackapi.Block, error)) error {
	lang, err := t.languageOf(m)
	if err != nil {
		return err
	}
	said, err := t.sayTo(m.Sender, lang, id)
	if err != nil {
		return err
	}
	return t.planShow(slot, slack.Show{Channel: m.Channel, ThreadTS: m.Thread, Text: said}, m.Found, blocks)
}

// sayTo renders a text for somebody.
func (t *ticket) sayTo(to, lang, id string) (string, error) {
	values, err := t.values(to)
	if err != nil {
		return "", err
	}
	return t.texts.say(lang, id, values)
}

// values are what texts to somebody fill in.
func (t *ticket) values(to string) (map[string]any, error) {
	reader, err := t.entry(to)
	return map[string]any{
		"URL": t.row.URL, "Issue": t.row.Issue, "Ticket": t.row.ID, "Late": t.row.Late, "Stranger": reader != nil && reader.Stranger,
		"Ask": t.Private == Ask, "Direct": t.isDirect(),
	}, err
}

// isDirect says whether the ticket is about what was said to us directly, without a mention.
func (t *ticket) isDirect() bool {
	return slices.ContainsFunc(t.messages, func(m *store.Message) bool { return m.Direct && m.Channel == t.row.Channel })
}

func (t *ticket) language() string { return cmp.Or(t.row.Language, english) }

// Texts of the reply once the issue is there.
const (
	received        = "received"              // the others begin with it
	receivedLink    = "received_link"         // of the talk here the issue holds a link only
	receivedPrivate = "received_private"      // likewise, until its authors publish it
	receivedSome    = "received_some"         // of private talk it holds what was published, and nobody may publish the rest
	receivedPartly  = "received_some_private" // likewise, until the others publish theirs
)

// receive tells the thread its issue, and what of the talk here is in it.
func (t *ticket) receive() error {
	id, err := t.receiptID()
	if err != nil {
		return err
	}
	return t.show(id, t.receipt)
}

// newReceipt returns what the reply has to say of the talk here, and whether it says something else: more or less of the
// talk may be in the issue now than it says.
func (t *ticket) newReceipt() (id string, changed bool, err error) {
	id, err = t.receiptID()
	return id, t.row.State == store.TicketOpen && id != t.row.Shown && strings.HasPrefix(t.row.Shown, received), err
}

func (t *ticket) receiptID() (string, error) {
	main := t.message(t.row.Main)
	if main == nil {
		return received, nil
	}
	place, err := t.place(main)
	if err != nil || place == "" {
		return received, err
	}
	if place != placePrivate {
		return receivedLink, nil
	}
	talk, err := t.privateTalkIn(main)
	asks := talk.byPeople && t.Private == Ask
	switch {
	case err != nil || !talk.withheld:
		return received, err
	case talk.published && asks:
		return receivedPartly, nil
	case talk.published:
		return receivedSome, nil
	case asks:
		return receivedPrivate, nil
	}
	return receivedLink, nil
}

// receipt is the reply's blocks: the text, and the buttons.
func (t *ticket) receipt(said string) ([]slackapi.Block, error) {
	id, err := t.receiptID()
	if err != nil {
		return nil, err
	}
	closing, err := t.button(notARequest, notARequestWords)
	if err != nil {
		return nil, err
	}
	buttons := []slackapi.BlockElement{closing}
	if id == receivedPrivate || id == receivedPartly {
		publishing, err := t.button(publish, publishWords)
		if err != nil {
			return nil, err
		}
		buttons = []slackapi.BlockElement{publishing, closing}
	}
	return []slackapi.Block{section(said), slackapi.NewActionBlock("", buttons...)}, nil
}

// publishButton is the blocks of a text with the button that publishes.
func (t *ticket) publishButton(said string) ([]slackapi.Block, error) {
	if t.Private != Ask {
		return []slackapi.Block{section(said)}, nil
	}
	button, err := t.button(publish, publishWords)
	return []slackapi.Block{section(said), slackapi.NewActionBlock("", button)}, err
}

func section(said string) slackapi.Block {
	return slackapi.NewSectionBlock(slackapi.NewTextBlockObject(slackapi.MarkdownType, said, false, false), nil, nil)
}

// The words of our buttons: the label, what a screen reader says, and the title, the text and the two answers of the
// question before they act.
var (
	notARequestWords = [...]string{"not_a_request", "not_a_request_hint", "not_a_request_title", "not_a_request_text", "not_a_request_yes", "not_a_request_no"}
	publishWords     = [...]string{"publish", "publish_hint", "publish_title", "publish_text", "publish_yes", "publish_no"}
)

func (t *ticket) button(action string, words [6]string) (*slackapi.ButtonBlockElement, error) {
	values, err := t.values(t.row.Requester)
	if err != nil {
		return nil, err
	}
	var said [len(words)]*slackapi.TextBlockObject
	for i, id := range words {
		word, err := t.texts.say(t.language(), id, values)
		if err != nil {
			return nil, err
		}
		said[i] = slackapi.NewTextBlockObject(slackapi.PlainTextType, word, false, false)
	}
	button := slackapi.NewButtonBlockElement(action, t.row.ID, said[0])
	button.AccessibilityLabel = said[1].Text
	button.Confirm = slackapi.NewConfirmationBlockObject(said[2], said[3], said[4], said[5])
	return button, nil
}

// warnAll tells each sender of secrets, once for all that was withheld by now.
func (t *ticket) warnAll() error {
	withheld := map[string][]string{}
	first := map[string]*store.Message{}
	for _, m := range t.messages {
		kinds := m.Withheld
		m.Withheld = nil
		if len(kinds) == 0 || !m.Person || m.Warned {
			continue
		}
		m.Warned = true
		withheld[m.Sender] = append(withheld[m.Sender], kinds...)
		if first[m.Sender] == nil {
			first[m.Sender] = m
		}
	}
	for _, sender := range slices.Sorted(maps.Keys(withheld)) {
		if err := t.warn(first[sender], withheld[sender]); err != nil {
			return err
		}
	}
	return nil
}

// warn tells the sender of m that secrets were withheld, to change them, and how to hand them over.
func (t *ticket) warn(m *store.Message, kinds []string) error {
	lang, err := t.languageOf(m)
	if err != nil {
		return err
	}
	handover := t.Handover.English
	if lang == japanese {
		handover = t.Handover.Japanese
	}
	var names []string
	for _, kind := range kinds {
		names = append(names, t.texts.kind(lang, kind))
	}
	slices.Sort(names)
	channel := m.Channel
	if m.Direct {
		channel = "" // it has no name
	}
	said, err := t.texts.say(lang, "withheld", map[string]any{
		"Channel": channel, "Kinds": strings.Join(slices.Compact(names), t.texts.word(lang, "list_comma")), "Link": t.link(m), "Handover": handover,
	})
	if err != nil {
		return err
	}
	t.plan(store.Action{Kind: "slack.notify", Priority: tell, Answer: true, Body: encode(slack.Notify{Channel: m.Sender, Text: said})})
	return nil
}

// notified makes what people answer to a notice of ours, in a thread under it, part of the ticket.
func (t *ticket) notified(a store.Answer) error {
	if a.State != store.Done {
		return nil
	}
	var at slack.Posted
	if err := json.Unmarshal(a.Result, &at); err != nil {
		return err
	}
	t.result.Records = append(t.result.Records, &store.Thread{
		Team: t.row.Team, Channel: at.Channel, TS: at.TS, Ticket: t.row.ID, At: t.event.At,
	})
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
	said, err := t.sayTo(c.User, lang, id)
	if err != nil {
		return err
	}
	t.plan(store.Action{Kind: "slack.whisper", Priority: tell,
		Body: encode(slack.Whisper{Channel: c.Channel, User: c.User, ThreadTS: c.Thread, Text: said})})
	return nil
}
