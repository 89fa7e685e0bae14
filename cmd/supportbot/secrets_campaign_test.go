package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
)

// A secret is what somebody lets slip: how it is said, and what of it must be found nowhere.
type secret struct {
	said    string
	needles []string
}

// secretKinds make secrets of the kinds that the redactor knows, another one for each seed.
var secretKinds = []struct {
	name  string
	lines bool // too long for a name, or of several lines
	key   bool
	make  func(seed uint64) secret
}{
	{"an AWS key", false, false, func(n uint64) secret { return spoken("SECRET", "AKIA"+random(16, upperDigits, n)) }},
	{"a GitHub token", false, false, func(n uint64) secret { return spoken("SECRET", "ghp_"+random(36, letters, n)) }},
	{"a Slack token", false, false, func(n uint64) secret {
		return spoken("SECRET", "xoxb-"+random(12, "123456789", n)+"-"+random(12, "123456789", n+1)+"-"+random(24, letters, n+2))
	}},
	{"a Google API key", false, false, func(n uint64) secret { return spoken("SECRET", "AIza"+random(35, letters, n)) }},
	{"a JWT", true, false, func(n uint64) secret {
		return spoken("SECRET", "eyJhbGciOiJIUzI1NiJ9.eyJ"+random(40, letters, n)+"."+random(43, letters, n+1))
	}},
	{"an API key", false, false, func(n uint64) secret { return spoken("api_key=SECRET", random(32, letters, n)) }},
	{"a password", false, false, func(n uint64) secret { return spoken("the password is SECRET", password(n)) }},
	{"a password in Japanese", false, false, func(n uint64) secret { return spoken("パスワードはSECRETです", password(n)) }},
	{"a password in JSON", true, false, func(n uint64) secret {
		return spoken(`{"user": "etl", "password": "SECRET"}`, password(n))
	}},
	{"a password in an address", true, false, func(n uint64) secret {
		return spoken("postgres://etl:SECRET@db1:5432/sales", random(10, letters, n)+"x1")
	}},
	{"a bearer token", true, false, func(n uint64) secret { return spoken("Authorization: Bearer SECRET", random(32, letters, n)+"a1B") }},
	{"a private key", true, true, func(n uint64) secret {
		body := []string{random(64, letters, n), random(64, letters, n+1), random(40, letters, n+2)}
		return secret{"-----BEGIN " + "RSA PRIVATE KEY-----\n" + strings.Join(body, "\n") + "\n-----END " + "RSA PRIVATE KEY-----", body}
	}},
	{"a service account", true, true, func(n uint64) secret {
		id, body := random(40, "0123456789abcdef", n), random(64, letters, n+1)
		object := `{"type": "service_account", "project_id": "acme", "private_key_id": "` + id + `", "private_key": "-----BEGIN ` +
			`PRIVATE KEY-----\n` + body + `\n-----END ` + `PRIVATE KEY-----\n", "client_email": "etl@acme.iam.gserviceaccount.com"}`
		return secret{object, []string{id, body}}
	}},
}

const (
	letters     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	upperDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

func spoken(form, value string) secret {
	return secret{strings.Replace(form, "SECRET", value, 1), []string{value}}
}

// password returns one that begins with a letter, or, as often, with digits that letters follow.
func password(seed uint64) string {
	if random(1, "01", seed) == "0" {
		return "Q" + random(9, letters, seed) + "7x"
	}
	return random(4, "23456789", seed) + random(7, "abcdefghijkmnopqrstuvwxyz", seed+1)
}

// random returns n characters that look random, the same ones for one seed.
func random(n int, alphabet string, seed uint64) string {
	var b strings.Builder
	for range n {
		seed = seed*6364136223846793005 + 1442695040888963407
		b.WriteByte(alphabet[(seed>>33)%uint64(len(alphabet))])
	}
	return b.String()
}

// A plantation plants secrets in the whole bot.
type plantation struct {
	*stage
	files int
	later []func() // when the door has forgotten what it heard
}

// A hole is a place where a secret can be. Where it is, there is a word beside it; the word shows that the place is
// one that is stored, and published if it may be.
type hole struct {
	name      string
	short     bool // a name: only what fits on a line
	file      bool // the content of a file, which is withheld whole if it holds a key
	stored    bool
	published bool
	plant     func(c *plantation, word, said string)
}

// A plant is a secret in a hole.
type plant struct {
	hole
	withheld bool // with all that is beside it
}

var holes = []hole{
	{"a text", false, false, true, true, func(c *plantation, word, said string) { c.ask("alice", word+"\n"+said) }},
	{"code", false, false, true, true, func(c *plantation, word, said string) { c.ask("alice", word+"\n```\n"+said+"\n```") }},
	{"a title", true, false, true, true, func(c *plantation, word, said string) { c.ask("alice", said+"\n\nsays "+word) }},
	{"an edit that adds it", false, false, true, true, func(c *plantation, word, said string) {
		ts := c.ask("alice", "please look")
		c.slack.Edit(helpChannel, ts, "@support please look\n"+word+"\n"+said)
	}},
	{"an edit that takes it out", false, false, true, true, func(c *plantation, word, said string) {
		ts := c.ask("alice", word+"\n"+said)
		c.pass(2 * time.Second)
		c.slack.Edit(helpChannel, ts, "@support please look")
	}},
	{"a message that is deleted", false, false, true, true, func(c *plantation, word, said string) {
		ts := c.ask("alice", word+"\n"+said)
		c.pass(2 * time.Second)
		c.slack.Delete(helpChannel, ts)
	}},
	{"a reply", false, false, true, true, func(c *plantation, word, said string) {
		ts := c.ask("alice", "please look")
		c.pass(2 * time.Second)
		c.say(sandbox.Post{Channel: helpChannel, User: "U0BEN", ThreadTS: ts, Text: word + "\n" + said})
	}},
	{"a thread that is imported", false, false, true, true, func(c *plantation, word, said string) {
		ts := c.say(sandbox.Post{Channel: helpChannel, User: "U0BEN", Text: "what is this?\n" + word + "\n" + said})
		c.later = append(c.later, func() {
			c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", ThreadTS: ts, Text: "@support please look"})
		})
	}},
	{"a file of a thread that is imported", false, true, true, true, func(c *plantation, word, said string) {
		ts := c.say(sandbox.Post{Channel: helpChannel, User: "U0BEN", Files: c.file("load.log", word+"\n"+said)})
		c.later = append(c.later, func() {
			c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", ThreadTS: ts, Text: "@support please look"})
		})
	}},
	{"a snippet", false, true, true, true, func(c *plantation, word, said string) {
		c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", Text: "@support please look", Files: c.file("query.sql", word+"\n"+said)})
	}},
	{"the name of a file", true, false, true, true, func(c *plantation, word, said string) {
		c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", Text: "@support please look", Files: c.file(word+" "+said+".log", "it fails")})
	}},
	{"a forwarded message", false, false, true, true, func(c *plantation, word, said string) {
		ts := c.say(sandbox.Post{Channel: "C0GAMES", User: "U0BEN", Text: word + "\n" + said})
		c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", Text: "@support please look", Forwards: []sandbox.Ref{{Channel: "C0GAMES", TS: ts}}})
	}},
	{"a forwarded private message", false, false, true, false, func(c *plantation, word, said string) {
		ts := c.say(sandbox.Post{Channel: "C0SECRET", User: "U0BEN", Text: word + "\n" + said})
		c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", Text: "@support please look", Forwards: []sandbox.Ref{{Channel: "C0SECRET", TS: ts}}})
	}},
	{"the name of a forwarded file", true, false, true, true, func(c *plantation, word, said string) {
		ts := c.say(sandbox.Post{Channel: "C0GAMES", User: "U0BEN", Text: "look", Files: c.file(word+" "+said+".log", "it fails")})
		c.say(sandbox.Post{Channel: helpChannel, User: "U0ALICE", Text: "@support please look", Forwards: []sandbox.Ref{{Channel: "C0GAMES", TS: ts}}})
	}},
	{"a display name", true, false, true, true, func(c *plantation, word, said string) {
		p := c.slack.AddPerson(sandbox.Person{Name: strings.ToLower(word), DisplayName: word + " " + said})
		c.say(sandbox.Post{Channel: helpChannel, User: p.ID, Text: "@support please look"})
	}},
	{"a display name that is changed", true, false, true, true, func(c *plantation, word, said string) {
		p := c.slack.AddPerson(sandbox.Person{Name: strings.ToLower(word), DisplayName: "Somebody"})
		ts := c.say(sandbox.Post{Channel: helpChannel, User: p.ID, Text: "@support please look"})
		c.pass(2 * time.Second)
		p.DisplayName = word + " " + said
		c.slack.ChangePerson(p)
		c.pass(2 * time.Second)
		c.say(sandbox.Post{Channel: helpChannel, User: p.ID, ThreadTS: ts, Text: "and again"})
	}},
	{"the name of a bot", true, false, true, true, func(c *plantation, word, said string) {
		c.say(sandbox.Post{Channel: helpChannel, BotID: "B0FORM", Username: word + " " + said, Text: "<!subteam^" + supportGroup + "> please look"})
	}},
	{"a private channel", false, false, true, false, func(c *plantation, word, said string) {
		c.say(sandbox.Post{Channel: "C0SECRET", User: "U0ALICE", Text: "@support please look\n" + word + "\n" + said})
	}},
	{"a direct message", false, false, true, false, func(c *plantation, word, said string) {
		c.say(sandbox.Post{Channel: c.slack.DM("U0ALICE"), User: "U0ALICE", Text: "please look\n" + word + "\n" + said})
	}},
	{"talk with another company", false, false, true, false, func(c *plantation, word, said string) {
		c.say(sandbox.Post{Channel: "C0PARTNER", User: "U0ALICE", Text: "@support please look\n" + word + "\n" + said})
	}},
	{"an event that can't be read", false, false, false, false, func(c *plantation, word, said string) {
		text, err := json.Marshal("<!subteam^" + supportGroup + "> " + word + "\n" + said)
		if err != nil {
			c.t.Fatal(err)
		}
		c.slack.SendFrame(`{"envelope_id": "` + word + `", "type": "events_api", "payload": {"event": {"type": "message", "ts": 7, "text": ` + string(text) + `}}}`)
	}},
}

// memoryGone is a time after which the door has forgotten what it heard.
const memoryGone = 121 * time.Second

func (c *plantation) ask(who, text string) (ts string) {
	return c.say(sandbox.Post{Channel: helpChannel, User: "U0" + strings.ToUpper(who), Text: "@support " + text})
}

func (c *plantation) say(p sandbox.Post) (ts string) { return c.slack.Post(p) }

func (c *plantation) file(name, content string) []sandbox.File {
	c.files++
	return []sandbox.File{{ID: fmt.Sprintf("F%05d", c.files), Name: name, Mode: "snippet", Content: []byte(content)}}
}

func (c *plantation) pass(d time.Duration) {
	if err := errors.Join(c.settle(), c.advance(d.String())); err != nil {
		c.t.Fatalf("%v\nlog:\n%s", err, c.log.String())
	}
}

// Invariant 3: no secret leaves Slack. Secrets of all kinds are planted in all places of the whole bot, and then
// looked for in every byte that it wrote, at GitHub, on disk, in its log, and in what it said itself.
func TestNoSecretLeavesSlack(t *testing.T) {
	c := newPlantation(t)
	secrets, words := map[string]secret{}, map[string]plant{}
	for h, hole := range holes {
		for k, kind := range secretKinds {
			if hole.short && kind.lines {
				continue
			}
			s := kind.make(uint64(h*1000 + k*10 + 1))
			word := fmt.Sprintf("Word%02dx%02d", h, k)
			secrets[hole.name+": "+kind.name], words[word] = s, plant{hole, hole.file && kind.key}
			hole.plant(c, word, s.said)
			c.pass(3 * time.Second)
		}
	}
	c.pass(memoryGone)
	for _, do := range c.later {
		do()
		c.pass(3 * time.Second)
	}
	c.pass(5 * time.Minute)
	written := c.written()
	t.Logf("%d secrets of %d kinds in %d places", len(secrets), len(secretKinds), len(holes))
	if len(secrets) < 200 {
		t.Error("that are too few")
	}
	for where, data := range written {
		lower := bytes.ToLower(data)
		for what, s := range secrets {
			if slices.ContainsFunc(s.needles, func(needle string) bool { return leaks(lower, needle) }) {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
	for word, p := range words {
		hole := p.hole
		stored := hole.stored && !p.withheld
		published := hole.published && !p.withheld
		if got := bytes.Contains(written["the database"], []byte(word)) || bytes.Contains(written["its log of writes"], []byte(word)); got != stored {
			t.Errorf("%s: the database has the word %s beside the secret: %t, want %t", hole.name, word, got, stored)
		}
		if got := bytes.Contains(written["GitHub"], []byte(word)); got != published {
			t.Errorf("%s: GitHub has the word %s beside the secret: %t, want %t", hole.name, word, got, published)
		}
	}
}

// leaks says whether data, in lower case, has the most of a secret: as an address or a name may have it.
func leaks(data []byte, needle string) bool {
	return bytes.Contains(data, []byte(strings.ToLower(needle[2:len(needle)-2])))
}

func newPlantation(t *testing.T) *plantation {
	s := &stage{t: t}
	s.world = newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	t.Cleanup(s.close)
	s.settings.Limits.TicketsPerSenderPer10Minutes = 0
	s.settings.Slack.Bots = map[string]BotSettings{"B0FORM": {}}
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	var err error
	s.app, err = s.bot(ctx, slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	s.stop = start(context.Background(), s.app)
	if err := s.slack.WaitSockets(ctx, 1); err != nil {
		t.Fatal(err)
	}
	return &plantation{stage: s}
}

// written returns all that the bot wrote, by where it is. It stops the bot.
func (c *plantation) written() map[string][]byte {
	written := map[string][]byte{"its log of writes": c.read("-wal"), "its index of these": c.read("-shm")}
	c.end()
	written["the database"], written["its log"] = c.read(""), []byte(c.log.String())
	issues, err := json.Marshal(c.github.Issues())
	if err != nil {
		c.t.Fatal(err)
	}
	written["GitHub"] = issues
	var said bytes.Buffer
	for _, call := range c.slack.Calls() {
		if strings.HasPrefix(call.Method, "chat.") {
			fmt.Fprintln(&said, call.Args)
		}
	}
	written["what the bot said"] = said.Bytes()
	for where, data := range written {
		if len(data) == 0 {
			c.t.Errorf("nothing is in %s, so this tests nothing", where)
		}
	}
	return written
}

func (c *plantation) read(suffix string) []byte {
	data, err := os.ReadFile(filepath.Clean(c.settings.Store.Path + suffix))
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}
