package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"supportbot/integrations/sandbox"
	"supportbot/store"
)

// looks write down what somebody sees.
func (s *stage) looks() map[string]func(rest string) error {
	return map[string]func(string) error{
		"thread": s.thread,
		"dms":    s.of("dms", "@", s.slack.DMs),
		// what only that person sees
		"whispers": s.of("whispers", "@", s.slack.Ephemerals),
		"channel":  s.of("channel", "", s.slack.History),
		"issues":   func(string) error { s.issues(s.issue); return nil },
		"issue":    s.oneIssue,
		"titles":   func(string) error { s.issues(s.title); return nil },
		"calls":    func(string) error { s.calls(); return nil },
		"explain":  s.explain,
		"log":      func(rest string) error { s.troubles(rest); return nil },
		"where":    func(string) error { s.whereTheBotIs(); return nil },
	}
}

// thread 1
func (s *stage) thread(rest string) error {
	m, _, err := s.message(rest)
	if err == nil {
		fmt.Fprintf(&s.out, "thread of message %s:\n", rest)
		s.write(s.slack.Thread(m.channel, m.root))
	}
	return err
}

func (s *stage) of(what, sign string, read func(id string) []sandbox.Message) func(string) error {
	return func(name string) error {
		id, err := s.slack.Find(sign + name)
		if err == nil {
			fmt.Fprintf(&s.out, "%s %s:\n", what, name)
			s.write(read(id))
		}
		return err
	}
}

func (s *stage) write(messages []sandbox.Message) {
	if len(messages) == 0 {
		fmt.Fprintln(&s.out, "  (nothing)")
	}
	for _, m := range messages {
		fmt.Fprintf(&s.out, "  %s: %s\n", s.slack.NameOf(m), s.indent(s.slack.Readable(m)))
	}
}

func (s *stage) issues(write func(sandbox.Issue)) {
	issues := s.github.Issues()
	if len(issues) == 0 {
		fmt.Fprintln(&s.out, "issues: none")
	}
	for _, i := range issues {
		write(i)
	}
}

// issue 11
func (s *stage) oneIssue(number string) error {
	n, err := strconv.Atoi(number)
	if err == nil {
		s.issue(s.github.Issue(n))
	}
	return err
}

func (s *stage) issue(i sandbox.Issue) {
	fmt.Fprintf(&s.out, "issue %d, %s", i.Number, i.State)
	if i.StateReason != "" {
		fmt.Fprintf(&s.out, " as %s", i.StateReason)
	}
	fmt.Fprintf(&s.out, ", %v: %s\n  %s\n", i.Labels, s.indent(i.Title), s.indent(i.Body))
	for _, c := range i.Comments {
		fmt.Fprintf(&s.out, "  comment: %s\n", s.indent(c.Body))
	}
}

func (s *stage) title(i sandbox.Issue) {
	fmt.Fprintf(&s.out, "issue %d, %d comments: %s\n", i.Number, len(i.Comments), s.indent(i.Title))
}

// calls writes down how often each service was called for what since the last time, but for what catch-up
// reads in any case.
func (s *stage) calls() {
	count := map[string]int{}
	slack, github := s.slack.Calls(), s.github.Calls()
	for _, c := range slack[s.slackCalls:] {
		if c.Method != "apps.connections.open" && c.Method != "auth.test" && !ofCatchUp(c) {
			count["slack "+c.Method]++
		}
	}
	for _, c := range github[s.githubCalls:] {
		count[fmt.Sprintf("github %s → %d", c.Operation, c.Status)]++
	}
	s.slackCalls, s.githubCalls = len(slack), len(github)
	fmt.Fprintln(&s.out, "calls since then:")
	if len(count) == 0 {
		fmt.Fprintln(&s.out, "  (none)")
	}
	var lines []string
	for call, n := range count {
		lines = append(lines, fmt.Sprintf("  %s: %d\n", call, n))
	}
	slices.Sort(lines)
	s.out.WriteString(strings.Join(lines, ""))
}

// log users.info: the warnings and errors in the log that name something, each with how often it came
func (s *stage) troubles(about string) {
	count := map[string]int{}
	for line := range strings.Lines(s.log.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ") // the time
		if !strings.HasPrefix(line, "level=INFO") && strings.Contains(line, about) {
			count[s.indent(loggedID.ReplaceAllString(line, "$1=…"))]++
		}
	}
	fmt.Fprintf(&s.out, "logged of %s:\n", about)
	for _, line := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&s.out, "  %d× %s\n", count[line], line)
	}
}

// loggedID is what is another in every run.
var loggedID = regexp.MustCompile(`\b(action)=\d+`)

// ofCatchUp says whether a call is one that catch-up makes whatever people say.
func ofCatchUp(c sandbox.Call) bool {
	switch c.Method {
	case "users.conversations", "conversations.list", "conversations.join":
		return true
	}
	return c.Method == "conversations.history" && c.Args["limit"] == "999" // a look-up asks for fewer
}

// explain 1: the actions of the ticket of a message, and how they ended
func (s *stage) explain(rest string) error {
	m, _, err := s.message(rest)
	if err != nil {
		return err
	}
	return s.app.store.View(func(v *store.View) error {
		t, err := v.TicketByThread(m.channel, m.root)
		if t == nil || err != nil {
			fmt.Fprintf(&s.out, "message %s has no ticket\n", rest)
			return err
		}
		actions, err := v.Actions("ticket:" + t.ID)
		fmt.Fprintf(&s.out, "ticket of message %s is %s:\n", rest, t.State)
		for _, a := range actions {
			fmt.Fprintf(&s.out, "  %s is %s\n", a.Kind, a.State)
		}
		return err
	})
}

// randomID is what is random: the id of a ticket, in a marker and where an id to quote is given.
var randomID = regexp.MustCompile(`\b[a-z0-9]{8}[a-z2-7]{18}\b`)

// longestText is how much of a text is written down.
const longestText = 1000

// indent makes a text readable inside a list, and the same in every run. What can't be seen is written as in a
// Go string.
func (s *stage) indent(text string) string {
	text = strings.ReplaceAll(text, strings.TrimSuffix(s.github.URL(), "/"), "https://github.example")
	text = randomID.ReplaceAllString(text, "(ticket)")
	if n := utf8.RuneCountInString(text); n > longestText {
		runes := []rune(text)
		text = fmt.Sprintf("%s … (%d characters) … %s", string(runes[:200]), n, string(runes[n-200:]))
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString("\n    ")
		case strconv.IsPrint(r) || r == '\u3000':
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return strings.ReplaceAll(b.String(), "\n    \n", "\n\n")
}
