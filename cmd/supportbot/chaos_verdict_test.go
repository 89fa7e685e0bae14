package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"supportbot/integrations/sandbox"
)

// A mirror is where GitHub holds a request: an issue, or a comment of the issue that gathers a flood.
type mirror struct {
	issue int
	text  string
	note  bool // a comment
}

var (
	issueMarker   = regexp.MustCompile(`(?m)^<!-- supportbot ticket=[a-z0-9]{26} thread=(\S+) -->$`)
	commentMarker = regexp.MustCompile(`(?m)^<!-- supportbot ticket=[a-z0-9]{26} message=(\S+) -->$`)
)

// A problem is what is wrong with a request, or, without one, with the whole.
type problem struct {
	request *request
	what    string
}

func (p problem) String() string {
	if p.request == nil {
		return p.what
	}
	return fmt.Sprintf("%s (%s): %s", p.request.ts, p.request.word, p.what)
}

// verdict says what is wrong in the end: invariants 1 to 3 of the design (nothing is lost, nothing is doubled, no
// secret leaves Slack), by what the stand-ins hold and by nothing of the bot's own.
func (c *crowd) verdict() (problems []problem) {
	add := func(r *request, all ...string) {
		for _, what := range all {
			problems = append(problems, problem{r, what})
		}
	}
	found, unmarked := c.mirrors()
	add(nil, unmarked...)
	for _, r := range c.asked {
		thread := c.slack.TeamID() + "/" + r.channel + "/" + r.ts
		add(r, c.judge(r, found[thread])...)
		add(r, c.judgeFurther(r)...)
		add(r, c.judgeEarly(r)...)
		delete(found, thread)
		for _, e := range r.early {
			delete(found, c.slack.TeamID()+"/"+r.channel+"/"+e.ts)
		}
		for _, ts := range r.further {
			delete(found, c.slack.TeamID()+"/"+r.channel+"/"+ts)
		}
	}
	for thread, left := range found {
		add(nil, fmt.Sprintf("issue %d is about %s, where nobody asked", left[0].issue, thread))
	}
	if lost := c.slack.Lost(); lost > 0 {
		add(nil, fmt.Sprintf("%d events were never acknowledged", lost))
	}
	published := c.published()
	for _, r := range c.asked {
		add(r, c.judgeSecret(r, published)...)
	}
	return problems
}

// mirrors returns what GitHub holds, by the message that it is about.
func (c *crowd) mirrors() (found map[string][]mirror, problems []string) {
	found = map[string][]mirror{}
	for _, i := range c.github.Issues() {
		about := issueMarker.FindStringSubmatch(i.Body)
		if about == nil {
			problems = append(problems, fmt.Sprintf("issue %d has no marker", i.Number))
			continue
		}
		found[about[1]] = append(found[about[1]], mirror{issue: i.Number, text: i.Title + "\n" + i.Body})
		for _, m := range i.Comments {
			about := commentMarker.FindStringSubmatch(m.Body)
			if about == nil {
				problems = append(problems, fmt.Sprintf("a comment of issue %d has no marker", i.Number))
				continue
			}
			found[about[1]] = append(found[about[1]], mirror{issue: i.Number, text: m.Body, note: true})
		}
	}
	return found, problems
}

// judge compares a request with where GitHub holds it, and with the bot's replies in its thread.
func (c *crowd) judge(r *request, held []mirror) (problems []string) {
	replies := c.replies(r)
	if thread := c.slack.Thread(r.channel, r.ts); len(thread) == 0 || thread[0].TS != r.ts {
		replies = nil // Slack shows nobody the thread of a message that is gone, nor lets us look for a reply in it
	}
	switch {
	case len(held) > 1:
		return []string{fmt.Sprintf("is in GitHub %d times: %v", len(held), numbers(held))}
	case len(held) == 0 && (r.mention || r.again > 0):
		return []string{"is not in GitHub"}
	case len(held) == 0 && len(replies) > 1:
		return []string{fmt.Sprintf("has no issue, and %d replies", len(replies))}
	case len(held) == 0:
		return nil
	case !r.mention && !r.wasMention && r.again == 0:
		return []string{fmt.Sprintf("never mentioned us, but is in issue %d", held[0].issue)}
	case held[0].note && !r.flood:
		problems = append(problems, "is a comment, though its sender is not over the limit")
	}
	mainWasReplaced := !r.mention && r.again > 0 && len(r.early) == 0 // by a later mention in the thread, before there was an issue
	if !r.deleted && !mainWasReplaced && !strings.Contains(held[0].text, r.word) {
		problems = append(problems, fmt.Sprintf("issue %d lacks the last version", held[0].issue))
	}
	if containsAny(held[0].text, r.former) {
		problems = append(problems, fmt.Sprintf("issue %d holds an earlier version", held[0].issue))
	}
	return append(problems, c.judgeReplies(r, held[0], replies)...)
}

// judgeEarly wants each answer from before the first mention at GitHub once.
func (c *crowd) judgeEarly(r *request) (problems []string) {
	for _, e := range r.early {
		places := 0
		for _, i := range c.github.Issues() {
			places += strings.Count(i.Body, e.word)
			for _, m := range i.Comments {
				places += strings.Count(m.Body, e.word)
			}
		}
		if places != 1 {
			problems = append(problems, fmt.Sprintf("the answer %s (%s) from before its mention is in GitHub %d times", e.ts, e.word, places))
		}
	}
	return problems
}

// judgeFurther wants each further mention in one place at GitHub: in the body, or in a comment.
func (c *crowd) judgeFurther(r *request) (problems []string) {
	for _, ts := range r.further {
		link := "/archives/" + r.channel + "/p" + strings.ReplaceAll(ts, ".", "")
		places := 0
		for _, i := range c.github.Issues() {
			if strings.Contains(i.Body, link) {
				places++
			}
			for _, m := range i.Comments {
				if strings.Contains(m.Body, link) {
					places++
				}
			}
		}
		if places != 1 {
			problems = append(problems, fmt.Sprintf("its further mention %s is in GitHub %d times", ts, places))
		}
	}
	return problems
}

func numbers(held []mirror) (issues []int) {
	for _, m := range held {
		issues = append(issues, m.issue)
	}
	return issues
}

// judgeReplies wants one reply that says where the issue is, at most one more for each further mention, and none
// twice. Where the first message was deleted there may be none.
func (c *crowd) judgeReplies(r *request, held mirror, replies []sandbox.Message) (problems []string) {
	link := fmt.Sprintf("|#%d>", held.issue)
	marks := map[string]int{}
	for _, m := range replies {
		mark := markOf(m)
		if marks[mark]++; marks[mark] > 1 {
			problems = append(problems, "the reply "+mark+" is there again")
		}
		if !strings.Contains(m.Text, link) {
			problems = append(problems, fmt.Sprintf("a reply does not name issue %d: %s", held.issue, m.Text))
		}
	}
	if len(replies) > 1+r.again || len(replies) == 0 && !r.deleted {
		problems = append(problems, fmt.Sprintf("%d replies to %d mentions", len(replies), 1+r.again))
	}
	return problems
}

// replies returns what the bot said in r's thread.
func (c *crowd) replies(r *request) []sandbox.Message {
	return slices.DeleteFunc(c.slack.Thread(r.channel, r.ts), func(m sandbox.Message) bool { return m.BotID != c.slack.BotID() })
}

// markOf returns the mark by which the bot knows a reply again.
func markOf(m sandbox.Message) string {
	if m.Metadata == nil {
		return ""
	}
	return string(m.Metadata.EventPayload)
}

// published is all that GitHub ever held.
func (c *crowd) published() string {
	var all strings.Builder
	for _, i := range c.github.Issues() {
		fmt.Fprintln(&all, i.Title, i.Body, i.Edits, i.Comments)
	}
	return all.String()
}

// judgeSecret wants no secret published, and its sender told, unless they deleted it themselves: the bot may have
// heard of nothing but that.
func (c *crowd) judgeSecret(r *request, published string) (problems []string) {
	if r.secret == "" {
		return nil
	}
	if strings.Contains(published, r.secret) {
		problems = append(problems, "its secret is in an issue")
	}
	told := slices.ContainsFunc(c.slack.DMs(r.user), func(m sandbox.Message) bool {
		return m.BotID == c.slack.BotID() && strings.Contains(m.Text, strings.ReplaceAll(r.ts, ".", ""))
	})
	if !told && !r.deleted {
		problems = append(problems, "its sender was not told of the secret")
	}
	return problems
}
