package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/integrations/sandbox"
)

// conversationGap is how far direct messages that belong together are apart at most.
const conversationGap = 10 * time.Minute

// A matter is all that belongs into one issue, and the issues that there are about it.
type matter struct {
	said   []*utterance
	issues []sandbox.Issue
}

// verdict compares Slack with GitHub.
func (k *talk) verdict() (problems []string) {
	matters := map[string]*matter{}
	for _, u := range k.said {
		id := k.about(u.channel, u.thread)
		if matters[id] == nil {
			matters[id] = &matter{}
		}
		matters[id].said = append(matters[id].said, u)
	}
	hub := k.readHub()
	for _, i := range k.github.Issues() {
		marker := issueMarker.FindStringSubmatch(i.Body)
		if marker == nil {
			problems = append(problems, fmt.Sprintf("issue %d has no marker", i.Number))
			continue
		}
		place := strings.Split(marker[1], "/")
		m := matters[k.about(place[1], place[2])]
		if m == nil {
			problems = append(problems, fmt.Sprintf("issue %d is about %s, where nobody said anything", i.Number, marker[1]))
			continue
		}
		m.issues = append(m.issues, i)
	}
	for id, m := range matters {
		wrong := k.judge(m, hub)
		for _, p := range wrong {
			problems = append(problems, fmt.Sprintf("%s: %s", id, p))
		}
		for _, i := range m.issues {
			if len(wrong) > 0 {
				k.rt.Logf("issue %d: %s\n%s", i.Number, i.Title, bodyOf(i))
			}
		}
	}
	return append(problems, k.leaks(hub)...)
}

// about says to which matter a thread belongs. In a channel each is one. Direct messages belong together as long as
// they follow each other soon, and what is answered to a notice belongs to what the notice is about.
func (k *talk) about(channel, thread string) string {
	if !strings.HasPrefix(channel, "D") {
		return channel + "/" + thread
	}
	if link := k.noticed(channel, thread); link != nil {
		return k.about(link.channel, link.thread)
	}
	first, last := "", ""
	for _, ts := range k.roots(channel) {
		if last == "" || gap(last, ts) > conversationGap {
			first = ts
		}
		if last = ts; ts == thread {
			break
		}
	}
	return channel + "/" + first
}

var linkedMessage = regexp.MustCompile(`/archives/(\w+)/p(\d{10})(\d{6})`)

// noticed returns the message that a notice of the bot's is about, nil if the message is no notice.
func (k *talk) noticed(channel, ts string) *utterance {
	notice, ok := k.slack.Message(channel, ts)
	if !ok || notice.BotID != k.slack.BotID() {
		return nil
	}
	link := linkedMessage.FindStringSubmatch(notice.Text)
	i := slices.IndexFunc(k.said, func(u *utterance) bool { return u.channel == link[1] && u.ts == link[2]+"."+link[3] })
	return k.said[i]
}

// roots returns the ts of the messages of a person that stand in their direct messages, in no thread.
func (k *talk) roots(channel string) (all []string) {
	for _, u := range k.said {
		if u.channel == channel && u.ts == u.thread {
			all = append(all, u.ts)
		}
	}
	return all
}

func gap(a, b string) time.Duration {
	from, errFrom := bot.ParseTS(a)
	to, errTo := bot.ParseTS(b)
	if errFrom != nil || errTo != nil {
		panic("a ts that is none: " + a + ", " + b)
	}
	return to.Sub(from).Abs()
}

// A hub is what GitHub holds.
type hub struct {
	now, titles string // of all issues
	ever        string // with all that was changed since
}

func (k *talk) readHub() (h hub) {
	for _, i := range k.github.Issues() {
		h.now += bodyOf(i)
		h.titles += i.Title + "\n"
	}
	h.ever = k.crowd.published()
	return h
}

// bodyOf is what an issue says below its title.
func bodyOf(i sandbox.Issue) string {
	said := i.Body + "\n"
	for _, c := range i.Comments {
		said += c.Body + "\n"
	}
	return said
}

// judge compares what was said about a matter with its issues.
func (k *talk) judge(m *matter, h hub) (problems []string) {
	asked := slices.ContainsFunc(m.said, func(u *utterance) bool { return u.asks })
	switch most := k.mostIssues(m); {
	case len(m.issues) > most:
		problems = append(problems, fmt.Sprintf("has %d issues", len(m.issues)))
	case len(m.issues) == 0 && asked:
		return []string{"asks for support and has no issue"}
	case len(m.issues) == 0:
		return nil
	}
	said := ""
	for _, i := range m.issues {
		said += bodyOf(i)
	}
	for _, u := range m.said {
		for _, p := range k.judgeUtterance(u, m, said, h) {
			problems = append(problems, fmt.Sprintf("%s %s", u.ts, p))
		}
	}
	return problems
}

// mostIssues is how many issues there may be about a matter: one. If direct messages came in another order than they were
// written, what holds the others together may have come last. What is answered to the notice of a message that was taken
// back has an issue of its own, if that message had none and others followed it.
func (k *talk) mostIssues(m *matter) int {
	first, last, roots, unheard, one := "", "", 0, false, 1
	for _, u := range m.said {
		if u.direct && u.ts != u.thread {
			if about := k.noticed(u.channel, u.thread); about != nil && about.gone {
				one = 2
			}
		}
		if !u.direct || u.ts != u.thread {
			continue
		}
		if first == "" {
			first = u.ts
		}
		last, unheard = u.ts, unheard || !u.heard
		roots++
	}
	if unheard && gap(first, last) > conversationGap {
		return roots
	}
	return one
}

// Whether what somebody said has to be in an issue.
const (
	never = iota
	maybe
	surely
)

// consent says whether the text of u is for everybody.
func (k *talk) consent(u *utterance, m *matter) int {
	if !u.private {
		return surely
	}
	given, sure := 0, 0
	for _, i := range m.issues {
		may, must := k.pressed(u, i.Number)
		if may {
			given++
		}
		if must {
			sure++
		}
	}
	switch {
	case given == 0:
		return never
	case sure == len(m.issues):
		return surely
	}
	return maybe
}

// pressed says whether the author of u wished it to be in an issue, and whether the bot surely knows.
func (k *talk) pressed(u *utterance, issue int) (may, must bool) {
	for _, p := range k.presses {
		if p.issue == issue && p.who == u.user && p.channel == u.channel && p.spoke {
			may, must = true, must || p.heard && p.arrived()
		}
	}
	return may, must
}

// arrived says whether the app acknowledged it.
func (p *press) arrived() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := p.sent.Wait(ctx)
	return err == nil
}

// judgeUtterance compares one message with the issues of its matter, which say said.
func (k *talk) judgeUtterance(u *utterance, m *matter, said string, h hub) (problems []string) {
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	consent := k.consent(u, m)
	add(consent == never && u.asks && !u.direct && !strings.Contains(said, linkTo(u)), "is private, and the issue has no link to it")
	for _, f := range u.files {
		add(!f.shown && strings.Contains(h.ever, f.word), "has a file that is not for an issue, but its text %s was there", f.word)
	}
	if consent == never {
		for _, word := range u.words() {
			add(word != "" && strings.Contains(h.ever, word), "is private, but %s was published", word)
		}
		return problems
	}
	for _, word := range u.former {
		add(word != "" && (strings.Contains(h.now, word) || strings.Contains(h.titles, word)), "says %s no more, but an issue does", word)
	}
	if u.gone || consent == maybe || u.tookBack && alone(u, m) {
		return problems
	}
	add(u.word != "" && (strings.Count(said, u.word) != 1 || strings.Count(h.now, u.word) != 1), "says %s, and its issue %d times", u.word, strings.Count(said, u.word))
	for _, f := range u.files {
		if f.gone {
			continue
		}
		add(!strings.Contains(said, f.named), "has the file %s, which its issue does not name", f.named)
		add(strings.Count(said, f.link()) != times(!f.key), "has the file %s, to which its issue links %d times", f.named, strings.Count(said, f.link()))
		add(strings.Count(said, f.word) != times(f.shown), "has a file that says %s, and its issue %d times", f.word, strings.Count(said, f.word))
	}
	return problems
}

// alone says whether nothing else stands in the thread of u. What was taken back is then only shown if GitHub had it before.
func alone(u *utterance, m *matter) bool {
	return !slices.ContainsFunc(m.said, func(other *utterance) bool {
		return other != u && other.channel == u.channel && other.thread == u.thread && !other.gone && !other.tookBack
	})
}

func times(once bool) int {
	if once {
		return 1
	}
	return 0
}

func linkTo(u *utterance) string {
	return "/archives/" + u.channel + "/p" + strings.ReplaceAll(u.ts, ".", "")
}

// words are all words by which u would be known, in any version.
func (u *utterance) words() []string {
	words := append(slices.Clone(u.former), u.word)
	for _, f := range u.files {
		words = append(words, f.named, f.word, f.link())
	}
	return words
}

// leaks wants no secret in what GitHub ever held, nor what was taken back in private before anything was published.
func (k *talk) leaks(h hub) (problems []string) {
	for _, u := range k.said {
		secrets := append(slices.Clone(u.former), u.secret)
		for _, f := range u.files {
			secrets = append(secrets, f.secrets...)
		}
		for _, s := range secrets {
			if strings.HasPrefix(s, secretBegins) && strings.Contains(h.ever, s) {
				problems = append(problems, fmt.Sprintf("the secret %s of %s was published", s, u.ts))
			}
		}
	}
	for _, word := range k.sealed {
		if strings.Contains(h.ever, word) {
			problems = append(problems, fmt.Sprintf("%s was taken back before its author published anything, but was published", word))
		}
	}
	return problems
}
