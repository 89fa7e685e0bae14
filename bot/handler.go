package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// A Handler is one feature: it decides for one kind of subject. Its functions are pure: they look only at what
// they are given, call nothing and read no clock.
type Handler struct {
	Prefix string // of its subjects, such as "ticket:"
	Help   string // what it does for people, in one sentence
	Needs  []slack.Need
	Mode   Mode

	// Message says, inside the door's transaction, whether a message is the handler's, and whose; id is one that
	// was never used before. Nil if the handler takes no messages.
	Message func(v *store.View, m Message, id string) (store.Taken, error)
	// Click does the same for a click on a button.
	Click func(v *store.View, c Click) (store.Taken, error)
	// Decide says what follows from an event of one of its subjects: on a snapshot, or, of a subject at rest with a short
	// history, inside the transaction that stores the event.
	Decide func(v *store.View, e store.Event) (store.Decision, error)
}

// A Mode says whether a feature may change anything outside.
type Mode string

// The modes.
const (
	Live    Mode = "live"
	Observe Mode = "observe" // reads only; writes end with a made-up answer
)

// A Message is what our rules look at in one version of a Slack message. Its texts are redacted by the time it
// is stored.
type Message struct {
	Team     string    `json:"team"`
	Channel  string    `json:"channel"`
	TS       string    `json:"ts"`
	Thread   string    `json:"thread"`           // ts of the thread's first message, TS if it is that itself
	Sender   string    `json:"sender"`           // id of the person, or of the bot
	Bot      bool      `json:"bot,omitempty"`    // a bot wrote it
	Name     string    `json:"name,omitempty"`   // of a bot, as it calls itself
	At       time.Time `json:"at"`               // when it was written
	Edited   string    `json:"edited,omitempty"` // ts of the edit that made this version, empty for the first
	Seen     string    `json:"seen,omitempty"`   // ts of Slack's notice of that edit, or of when it was found; finer than Edited's seconds
	Deleted  bool      `json:"deleted,omitempty"`
	Doc      text.Doc  `json:"doc,omitempty"`
	Withheld []string  `json:"withheld,omitempty"` // kinds of the secrets taken out

	Files    []store.File    `json:"files,omitempty"`    // that came with it
	Forwards []store.Forward `json:"forwards,omitempty"` // messages that it forwards

	Mentions  bool `json:"mentions,omitempty"`  // this version mentions us
	Mentioned bool `json:"mentioned,omitempty"` // the version before did
	Private   bool `json:"private,omitempty"`   // not in a public channel
	Shared    bool `json:"shared,omitempty"`    // in a channel shared with other companies
	Direct    bool `json:"direct,omitempty"`    // said to the bot alone
	Found     bool `json:"found,omitempty"`     // not heard live, but read later
}

// Key says which version of which message m is, however it came to us. Edits are told apart by their text too:
// Slack dates them to the second, and two may be made in one; that a file was deleted it doesn't date at all.
func (m Message) Key() string {
	id := m.Team + ":" + m.Channel + ":" + m.TS
	switch {
	case m.Deleted:
		return "del:" + id
	case m.inDoubt():
		return "edit:" + id + ":" + m.Edited + ":" + m.print() + ":found"
	case m.Edited != "" || m.Seen != "" || m.lost():
		return "edit:" + id + ":" + m.Edited + ":" + m.print()
	}
	return "msg:" + id
}

// inDoubt says whether m was read within the second in which it was edited, to which Slack dates both: an edit of that
// second that is only heard later may be older or younger. Its own event still counts then.
func (m Message) inDoubt() bool {
	edited, _, _ := strings.Cut(m.Edited, ".")
	seen, _, _ := strings.Cut(m.Seen, ".")
	return m.Found && edited != "" && edited == seen
}

// print tells one content from another.
func (m Message) print() string {
	data, err := json.Marshal(m.Doc)
	if err != nil {
		panic(err) // strings and numbers only
	}
	for _, id := range m.attached() {
		data = append(data, "\x00"+id...)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:4])
}

// Before says whether m is an earlier version of the message than one with these times of edit and notice.
func (m Message) Before(edited, seen string) bool {
	return m.Edited < edited || m.Edited == edited && m.Seen < seen
}

// A Click is a press of a button on a message of ours.
type Click struct {
	Team    string    `json:"team"`
	Channel string    `json:"channel"`
	Message string    `json:"message"` // ts of the message with the button
	Thread  string    `json:"thread"`
	User    string    `json:"user"`
	Action  string    `json:"action"` // which button
	Value   string    `json:"value"`  // what the button carries
	At      time.Time `json:"at"`
	Nonce   string    `json:"nonce"` // tells two presses apart
}

// Key says which press c is.
func (c Click) Key() string {
	return "click:" + c.Team + ":" + c.Channel + ":" + c.Message + ":" + c.User + ":" + c.Action + ":" + c.Nonce
}
