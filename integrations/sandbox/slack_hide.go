package sandbox

import (
	"slices"
	"time"
)

// HideBefore has Slack show nothing that was said before t, as it does on a plan whose history is short: lists leave it
// out, and say is_limited of what they lack. Nothing tells the app of it.
func (s *Slack) HideBefore(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = t.UnixMicro()
}

// hides says whether Slack shows m no more.
func (w *workspace) hides(m *Message) bool {
	at, _ := parseTS(m.TS)
	return at < w.hidden
}

// PurgeBefore deletes what was said in channel before t, as Slack does by a retention policy: without a word to the app.
// A parent of replies that stay is a tombstone from then on.
func (s *Slack) PurgeBefore(channel string, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	talk := s.talk(channel)
	for _, ts := range slices.Backward(sortedKeys(talk.byTS)) { // replies before their parent
		m := talk.byTS[ts]
		if at, _ := parseTS(ts); at >= t.UnixMicro() {
			continue
		}
		if m.ReplyCount == 0 {
			talk.remove(m)
		} else {
			*m = tombstoneOf(*m)
		}
	}
}

// LoseFile deletes a file as DeleteFile does, but nothing tells the app, and the messages that had it don't say that
// they had one.
func (s *Slack) LoseFile(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bury(id)
	for _, t := range s.talks {
		for _, m := range t.byTS {
			m.Files = slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool { return f.ID == id })
		}
	}
}
