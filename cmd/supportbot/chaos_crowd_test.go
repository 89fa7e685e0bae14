package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"supportbot/integrations/sandbox"
)

// A crowd is people who ask for support, and change and repeat what they said. It remembers all of it, so that
// a verdict can compare it with what the stand-ins hold in the end.
type crowd struct {
	*world
	dice  *rand.Rand
	asked []*request
	words int
	mouth mouth
}

// A mouth is the person who speaks, and how often they did: after a few requests it is somebody else's turn, so
// that no limit on one person's requests is met, and there is always somebody new to the bot.
type mouth struct {
	people int
	user   string
	left   int
}

// A request is a thread that began with a message of a person.
type request struct {
	channel, ts string
	user        string
	word        string   // in the last version of the message, and nowhere else
	former      []string // the words of versions before that
	mention     bool     // the last version mentions us
	wasMention  bool     // one before did
	deleted     bool
	again       int      // further mentions in its thread
	further     []string // ts of these
	flood       bool     // its sender says too much at once
	secret      string   // in its text; empty if there is none
	clicked     bool
	early       []remark // what was answered before anybody mentioned us
}

// A remark is an answer in a thread that mentions nobody.
type remark struct{ ts, word string }

func newCrowd(w *world, seed uint64) *crowd {
	w.slack.AddPerson(sandbox.Person{ID: flooder, Name: "flo", DisplayName: "Flo Ito"})
	return &crowd{world: w, dice: rand.New(rand.NewPCG(seed, seed))}
}

// flooder is who says too much at once.
const flooder = "U0FLOOD"

// person returns who speaks next.
func (c *crowd) person() string {
	if c.mouth.left == 0 {
		c.mouth.people++
		c.mouth.user = fmt.Sprintf("U0P%05d", c.mouth.people)
		c.mouth.left = 4
		c.slack.AddPerson(sandbox.Person{ID: c.mouth.user, Name: fmt.Sprintf("p%d", c.mouth.people), Locale: c.locale()})
	}
	c.mouth.left--
	return c.mouth.user
}

func (c *crowd) locale() string {
	if c.dice.IntN(2) == 0 {
		return "ja-JP"
	}
	return "en-US"
}

// newWord returns a word that is in no other text, nor a part of another.
func (c *crowd) newWord() string {
	c.words++
	return fmt.Sprintf("table%05dx", c.words)
}

func (c *crowd) text(r *request) string {
	said := "the load of " + r.word + " fails\nsince this morning"
	if c.words%2 == 0 {
		said = r.word + " のロードが終わりません"
	}
	if r.mention {
		said = "@support " + said
	}
	if r.secret != "" {
		said += "\nthe password is " + r.secret
	}
	return said
}

func (c *crowd) post(r *request) *request {
	r.channel, r.word = helpChannel, c.newWord()
	if r.user == "" {
		r.user = c.person()
	}
	r.ts = c.slack.Post(sandbox.Post{Channel: r.channel, User: r.user, Text: c.text(r)})
	c.asked = append(c.asked, r)
	return r
}

// ask begins a thread with a mention.
func (c *crowd) ask() *request { return c.post(&request{mention: true}) }

// blurt asks with a secret in the text.
func (c *crowd) blurt() {
	c.post(&request{mention: true, secret: fmt.Sprintf("Qz%dw7Tr%dLm", c.dice.IntN(1e6), c.dice.IntN(1e6))})
}

// mumble begins a thread without a mention; an edit may add one.
func (c *crowd) mumble() { c.post(&request{}) }

// interject begins a thread in which somebody mentions us only after some answers: all of it has to be read.
func (c *crowd) interject(answers int) {
	r := c.post(&request{})
	for range answers {
		word := c.newWord()
		ts := c.slack.Post(sandbox.Post{Channel: r.channel, User: r.user, ThreadTS: r.ts, Text: "is it " + word + "?"})
		r.early = append(r.early, remark{ts, word})
	}
	c.insist(r)
}

// flood asks as one who never stops.
func (c *crowd) flood() { c.post(&request{mention: true, flood: true, user: flooder}) }

// edit gives a message another text, which mentions us or not.
func (c *crowd) edit(r *request, mention bool) {
	r.former = append(r.former, r.word)
	r.word = c.newWord()
	r.wasMention = r.wasMention || r.mention
	r.mention = mention
	c.slack.Edit(r.channel, r.ts, c.text(r))
}

func (c *crowd) delete(r *request) {
	r.deleted, r.wasMention = true, r.wasMention || r.mention
	r.mention = false
	r.former = append(r.former, r.word)
	c.slack.Delete(r.channel, r.ts)
}

// insist mentions us again in a thread.
func (c *crowd) insist(r *request) {
	r.again++
	r.further = append(r.further, c.slack.Post(sandbox.Post{Channel: r.channel, User: r.user, ThreadTS: r.ts, Text: "@support any news?"}))
}

// click presses the button of the reply as somebody of the support team. There may be none, or not yet.
func (c *crowd) click(r *request) bool {
	for _, m := range c.slack.Thread(r.channel, r.ts) {
		if action := sandbox.FirstButton(m, ""); action != "" {
			r.clicked = true
			c.slack.Click("U0KENJI", r.channel, m.TS, action)
			return true
		}
	}
	return false
}

// hasButton says whether there is something to click in the thread of a request.
func (c *crowd) hasButton(r *request) bool {
	return slices.ContainsFunc(c.slack.Thread(r.channel, r.ts), func(m sandbox.Message) bool { return sandbox.FirstButton(m, "") != "" })
}

// one returns any of the latest requests that fit, nil if none does.
func (c *crowd) one(fits func(*request) bool) *request {
	latest := c.asked[max(0, len(c.asked)-40):]
	for range 20 {
		if len(latest) == 0 {
			return nil
		}
		if r := latest[c.dice.IntN(len(latest))]; fits(r) {
			return r
		}
	}
	return nil
}

func mentioned(r *request) bool { return r.mention && !r.flood }

// act does one thing that people do.
func (c *crowd) act() {
	switch n := c.dice.IntN(100); {
	case n < 31:
		c.ask()
	case n < 34:
		c.interject(1 + c.dice.IntN(3))
	case n < 46:
		c.flood()
	case n < 52:
		if r := c.one(func(r *request) bool { return r.flood }); r != nil {
			c.edit(r, true)
		}
	case n < 57:
		c.blurt()
	case n < 61:
		c.mumble()
	case n < 66:
		if r := c.one(func(r *request) bool { return !r.mention && !r.deleted }); r != nil {
			c.edit(r, true)
		}
	case n < 79:
		if r := c.one(func(r *request) bool { return r.mention }); r != nil {
			c.edit(r, true)
		}
	case n < 81:
		if r := c.one(mentioned); r != nil {
			c.edit(r, false)
		}
	case n < 83:
		if r := c.one(mentioned); r != nil {
			c.delete(r)
		}
	case n < 90:
		if r := c.one(mentioned); r != nil {
			c.insist(r)
		}
	default:
		if r := c.one(mentioned); r != nil {
			c.click(r)
		}
	}
}

// summary counts what the crowd did.
func (c *crowd) summary() string {
	count := func(fits func(*request) bool) (n int) {
		for _, r := range c.asked {
			if fits(r) {
				n++
			}
		}
		return n
	}
	return fmt.Sprintf("%d threads: %d mention us, %d only after some answers, %d were edited, %d deleted, %d asked again, %d in floods, %d with secrets, %d clicked on",
		len(c.asked), count(func(r *request) bool { return r.mention }), count(func(r *request) bool { return len(r.early) > 0 }),
		count(func(r *request) bool { return len(r.former) > 0 }),
		count(func(r *request) bool { return r.deleted }), count(func(r *request) bool { return r.again > 0 }),
		count(func(r *request) bool { return r.flood }), count(func(r *request) bool { return r.secret != "" }),
		count(func(r *request) bool { return r.clicked }))
}

func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}
