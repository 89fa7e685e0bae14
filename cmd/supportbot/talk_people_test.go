package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"supportbot/integrations/sandbox"
)

// A room is where people talk.
type room struct {
	channel string
	people  []string
	private bool // not everybody in the company may read it
	direct  bool // the bot and one person
}

// everybody is who talks. Kenji is of the support team.
var everybody = []string{"U0ALICE", "U0BEN", "U0AYA", "U0KENJI"}

func (k *talk) publicRoom() room { return room{channel: helpChannel, people: everybody} }

func (k *talk) privateRoom() room {
	return room{channel: "C0SECRET", people: everybody, private: true}
}

func (k *talk) groupRoom() room {
	groups := [][]string{everybody[:2], everybody[1:3], everybody[:3]}
	people := rapid.SampledFrom(groups).Draw(k.rt, "group")
	channel := k.slack.OpenGroup(append([]string{k.slack.BotUserID()}, people...)...)
	return room{channel: channel, people: people, private: true}
}

func (k *talk) directRoom() room {
	who := rapid.SampledFrom(everybody[:3]).Draw(k.rt, "who")
	return room{channel: k.slack.DM(who), people: []string{who}, private: true, direct: true}
}

func (k *talk) anyRoom() room {
	rooms := []func() room{k.publicRoom, k.publicRoom, k.publicRoom, k.privateRoom, k.groupRoom, k.directRoom, k.directRoom}
	return rapid.SampledFrom(rooms).Draw(k.rt, "room")()
}

// An utterance is a message of a person, in its last version.
type utterance struct {
	room
	ts, thread string
	user       string
	word       string // in this version of it, and nowhere else; empty if there is no text
	asks       bool   // it mentions us, or is said to us directly
	tookBack   bool   // it did mention us
	secret     string
	files      []*attached
	gone       bool
	heard      bool     // nothing kept it from the bot
	former     []string // words and secrets of earlier versions, and all that was in what was deleted
}

// text makes a new text for u, with a word of its own and sometimes a secret.
func (k *talk) text(u *utterance) string {
	u.former = append(u.former, u.word, u.secret)
	u.word, u.secret = k.newWord("table"), ""
	said := "the load of " + u.word + " fails"
	if u.asks && !u.direct {
		said = "@support " + said
	}
	if k.seldom("secret") {
		u.secret = k.newSecret()
		said += "\nthe password is " + u.secret
	}
	return said
}

// newWord returns a word that is in no other text, nor a part of another.
func (k *talk) newWord(what string) string {
	k.words++
	return fmt.Sprintf("%s%05dx", what, k.words)
}

func (k *talk) newSecret() string {
	k.words++
	return fmt.Sprintf("%s%dw7Tr%dLm", secretBegins, 100000+k.words, 900000-k.words)
}

// secretBegins is how all secrets of a talk begin, and nothing else does.
const secretBegins = "Qz"

func (k *talk) seldom(what string) bool { return rapid.IntRange(0, 5).Draw(k.rt, what) == 0 }

// say says something in a thread, or outside.
func (k *talk) say(where room, thread string, mention bool, files ...*attached) bool {
	u := &utterance{room: where, thread: thread, asks: mention || where.direct, files: files, heard: k.listening()}
	u.user = rapid.SampledFrom(where.people).Draw(k.rt, "who")
	if len(files) == 0 && k.seldom("file") {
		u.files = []*attached{k.newFile()}
	}
	p := sandbox.Post{Channel: u.channel, User: u.user, ThreadTS: thread}
	if mention || len(u.files) == 0 || !k.seldom("no text") {
		p.Text = k.text(u)
	}
	for _, f := range u.files {
		p.Files = append(p.Files, f.File)
	}
	u.ts = k.slack.Post(p)
	if thread == "" {
		u.thread = u.ts
	}
	k.said = append(k.said, u)
	k.rt.Logf("%v: %s says in %s, %s under %s: %q %v", k.clock.Now(), u.user, u.channel, u.ts, u.thread, p.Text, u.files)
	return true
}

// listening says whether the bot hears what is said just now.
func (k *talk) listening() bool { return k.app != nil && !k.deaf && k.slack.Sockets() > 0 }

// writeTwice writes what is one request to the bot in two messages.
func (k *talk) writeTwice() bool {
	where := k.directRoom()
	for range 2 {
		if !k.say(where, "", false) {
			return false
		}
	}
	return true
}

// one returns any utterance of the latest that still exist, nil if there is none.
func (k *talk) one() *utterance {
	there := slices.DeleteFunc(slices.Clone(k.said), func(u *utterance) bool { return u.gone })
	if len(there) == 0 {
		return nil
	}
	return rapid.SampledFrom(there[max(0, len(there)-12):]).Draw(k.rt, "which")
}

func (k *talk) answer(mention bool, files ...*attached) bool {
	u := k.one()
	return u != nil && k.say(u.room, u.thread, mention, files...)
}

// drawIn mentions us in a thread in which nobody did so far.
func (k *talk) drawIn() bool {
	asked := map[string]bool{}
	for _, u := range k.said {
		asked[u.thread] = asked[u.thread] || u.asks
	}
	for _, u := range slices.Backward(k.said) {
		if !asked[u.thread] && !u.gone {
			return k.say(u.room, u.thread, true)
		}
	}
	return false
}

// answerNotice answers what the bot wrote to somebody outside of any thread: that a secret was withheld.
func (k *talk) answerNotice() bool {
	where := k.directRoom()
	notices := slices.DeleteFunc(k.slack.History(where.channel), func(m sandbox.Message) bool {
		return m.BotID != k.slack.BotID() || m.ThreadTS != "" && m.ThreadTS != m.TS
	})
	return len(notices) > 0 && k.say(where, notices[len(notices)-1].TS, false)
}

func (k *talk) edit(mention func(*utterance) bool) bool {
	u := k.one()
	if u == nil {
		return false
	}
	asked := u.asks
	u.asks = mention(u) || u.direct
	u.tookBack = !u.asks && (asked || u.tookBack)
	said := k.text(u)
	k.slack.Edit(u.channel, u.ts, said)
	k.rt.Logf("%v: %s is now %q", k.clock.Now(), u.ts, said)
	return true
}

func (k *talk) delete() bool {
	u := k.one()
	if u == nil {
		return false
	}
	k.slack.Delete(u.channel, u.ts)
	u.vanish()
	k.rt.Logf("%v: %s is deleted", k.clock.Now(), u.ts)
	return true
}

func (u *utterance) vanish() {
	u.gone, u.asks = true, false
	u.former = append(u.former, u.word, u.secret)
	for _, f := range u.files {
		u.former = append(u.former, f.named, f.word, f.link())
	}
}

// attached is a file of a message.
type attached struct {
	sandbox.File
	named   string // a word in its name
	word    string // in its text
	shown   bool   // the issue shows the text
	key     bool   // the issue shows nothing but its name
	gone    bool
	secrets []string
}

func (f *attached) String() string { return f.Name }

// link is the address of the file, as far as it is in the issue whatever the name says.
func (f *attached) link() string { return "/" + f.ID }

// newFile makes a file of any kind.
func (k *talk) newFile() *attached {
	f := &attached{named: k.newWord("log"), word: k.newWord("line")}
	f.ID = fmt.Sprintf("F0%06d", k.words)
	f.Name, f.Mode = f.named, "hosted"
	if k.seldom("secret in the name") {
		f.secrets = append(f.secrets, k.newSecret())
		f.Name += " password is " + f.secrets[0]
	}
	content := "12:03 " + f.word + " fails\n"
	if k.seldom("secret in the text") {
		f.secrets = append(f.secrets, k.newSecret())
		content += "password: " + f.secrets[len(f.secrets)-1] + "\n"
	}
	forms := map[string]func(){
		"log":             func() { f.Name += ".log"; f.shown = true },
		"snippet":         func() { f.Name += ".sql"; f.Mode, f.shown = "snippet", true },
		"long":            func() { f.Name += ".txt"; content += strings.Repeat("12:04 and again\n", 1300) },
		"picture":         func() { f.Name += ".png"; content += "\x00" },
		"key by its name": func() { f.Name += ".pem"; f.key = true },
		"key": func() {
			f.Name, f.key = f.Name+".txt", true
			content += "-----BEGIN " + "RSA PRIVATE KEY-----\n" + random(64, letters, uint64(k.words)) + "\n-----END " + "RSA PRIVATE KEY-----\n"
		},
	}
	forms[rapid.SampledFrom([]string{"log", "snippet", "log", "snippet", "long", "picture", "key by its name", "key"}).Draw(k.rt, "form")]()
	f.Content = []byte(content)
	return f
}

// removeFile deletes a file, as its owner does.
func (k *talk) removeFile() bool {
	var with []*utterance
	for _, u := range k.said {
		if !u.gone && slices.ContainsFunc(u.files, func(f *attached) bool { return !f.gone }) {
			with = append(with, u)
		}
	}
	if len(with) == 0 {
		return false
	}
	u := rapid.SampledFrom(with[max(0, len(with)-6):]).Draw(k.rt, "which")
	f := u.files[slices.IndexFunc(u.files, func(f *attached) bool { return !f.gone })]
	k.slack.DeleteFile(f.ID)
	f.gone = true
	u.former = append(u.former, f.word, f.link())
	if u.word == "" { // the message was nothing else
		u.vanish()
	}
	k.rt.Logf("%v: the file %s of %s is deleted", k.clock.Now(), f.ID, u.ts)
	return true
}

// A press is somebody's wish that what they wrote in private be published.
type press struct {
	who, channel string
	ts           string // of the button
	issue        int
	spoke        bool // they had written something there
	heard        bool // and the bot heard that
	sent         *sandbox.Interaction
}

// publishes is how the button is known that publishes.
const publishes = "ticket.publish"

// publish presses any of the latest buttons that publish, as somebody who sees it.
func (k *talk) publish() bool {
	buttons := k.buttons()
	if len(buttons) == 0 {
		return false
	}
	b := rapid.SampledFrom(buttons[max(0, len(buttons)-6):]).Draw(k.rt, "button")
	k.press(b, rapid.SampledFrom(b.people).Draw(k.rt, "who"))
	return true
}

// A button is one that publishes, where it was found.
type button struct {
	room
	sandbox.Message
}

func (b button) String() string { return b.TS }

// buttons returns all buttons that publish, in rooms where somebody spoke.
func (k *talk) buttons() (found []button) {
	seen := map[string]bool{}
	for _, u := range k.said {
		if seen[u.channel] || !u.private {
			continue
		}
		seen[u.channel] = true
		for _, m := range k.slack.History(u.channel) {
			if m.BotID == k.slack.BotID() && strings.Contains(string(m.Blocks), strconv.Quote(publishes)) {
				found = append(found, button{u.room, m})
			}
		}
	}
	return found
}

var namedIssue = regexp.MustCompile(`\|#(\d+)>`)

func (k *talk) press(b button, who string) {
	p := &press{who: who, channel: b.room.channel, ts: b.TS}
	p.issue, _ = strconv.Atoi(namedIssue.FindStringSubmatch(b.Text)[1])
	for _, u := range k.said {
		if u.user == p.who && u.channel == p.channel && k.about(u.channel, u.thread) == k.about(p.channel, b.ThreadTS) {
			p.spoke, p.heard = true, p.heard || u.heard && k.listening()
		}
	}
	p.sent = k.slack.Click(p.who, p.channel, p.ts, publishes)
	k.presses = append(k.presses, p)
	k.rt.Logf("%v: %s publishes by %s in %s, issue %d", k.clock.Now(), p.who, p.ts, p.channel, p.issue)
}
