package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"supportbot/integrations/sandbox"
)

// meanwhile does a step while the bot is stopped: "meanwhile say alice #help-data TEXT", "meanwhile advance 10m".
func (s *stage) meanwhile(line string) error {
	if s.app != nil {
		return fmt.Errorf("the bot runs")
	}
	verb, rest, _ := strings.Cut(line, " ")
	if verb == "advance" {
		d, err := time.ParseDuration(rest)
		s.clock.Advance(d)
		return err
	}
	act, ok := s.acts()[verb]
	if !ok {
		return fmt.Errorf("there is no step %q", verb)
	}
	s.clock.Advance(2 * time.Second)
	return act(rest)
}

// closeSockets makes the bot deaf and Slack refuse new sockets, until the bot has noticed.
func (s *stage) closeSockets() error {
	s.deaf, s.cut = true, true
	s.slack.DisableSocketMode()
	for wait := time.Millisecond; wait < waitAtMost; wait *= 2 {
		answer := httptest.NewRecorder()
		s.app.machine.Health().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if answer.Code == http.StatusServiceUnavailable {
			return nil
		}
		time.Sleep(wait)
	}
	return errors.New("the bot does not notice that it has no socket")
}

// openSockets ends that: the bot finds it out by itself.
func (s *stage) openSockets() error {
	s.cut = false
	s.slack.EnableSocketMode()
	err := s.patiently("the bot has no socket open", func(ctx context.Context) error { return s.slack.WaitSockets(ctx, 1) })
	s.slack.Emit("", []byte(`{"type": "nothing"}`))
	if err == nil { // what the bot said meanwhile comes again
		err = s.patiently("envelopes were not acknowledged", s.slack.WaitAcked)
	}
	s.deaf = false
	return err
}

// hide 1h: Slack shows nothing any more that was said longer ago
func (s *stage) hide(rest string) error {
	age, err := time.ParseDuration(rest)
	s.slack.HideBefore(s.clock.Now().Add(-age))
	return err
}

// purge #help-data 1h: a retention policy deletes what was said there longer ago
func (s *stage) purge(rest string) error {
	name, rest, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find(name)
	if err != nil {
		return err
	}
	age, err := time.ParseDuration(rest)
	s.slack.PurgeBefore(id, s.clock.Now().Add(-age))
	return err
}

// create #late-data alice
func (s *stage) create(rest string) error {
	name, creator, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find("@" + creator)
	if err == nil {
		name = strings.TrimPrefix(name, "#")
		s.slack.CreateChannel(sandbox.Channel{ID: "C0" + strings.ToUpper(strings.ReplaceAll(name, "-", "")), Name: name}, id)
	}
	return err
}

// archive #help-data, unarchive #help-data
func (s *stage) onChannel(do func(channel, user string)) func(rest string) error {
	return func(name string) error {
		id, err := s.slack.Find(name)
		if err == nil {
			do(id, "U0ALICE")
		}
		return err
	}
}

// channel-id #new-title C0OPENED
func (s *stage) channelID(rest string) error {
	name, id, _ := strings.Cut(rest, " ")
	old, err := s.slack.Find(name)
	if err != nil {
		return err
	}
	s.slack.MoveChannel(old, id)
	for i := range s.said {
		if s.said[i].channel == old {
			s.said[i].channel = id
		}
	}
	return nil
}

// convert #help-data private
func (s *stage) convert(rest string) error {
	name, to, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find(name)
	if err != nil {
		return err
	}
	switch to {
	case "private", "public":
		s.slack.ConvertChannel(id, "U0ALICE", to == "private")
	case "shared", "unshared":
		s.slack.ShareChannel(id, to == "shared")
	default:
		return fmt.Errorf("a channel can't become %q", to)
	}
	return nil
}

// whereTheBotIs writes down the channels that the bot is in.
func (s *stage) whereTheBotIs() {
	var names []string
	for _, c := range s.slack.Channels() {
		if !c.IM && slices.Contains(c.Members, s.slack.BotUserID()) {
			names = append(names, "#"+c.Name)
		}
	}
	fmt.Fprintf(&s.out, "the bot is in %s\n", strings.Join(names, ", "))
}
