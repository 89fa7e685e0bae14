package bot

import (
	"encoding/json"
	"sync"
	"time"
)

const (
	// rememberedFor is how long a reply to a thread that is nobody's waits for the mention that makes it
	// somebody's: that may be on its way on another socket.
	rememberedFor = time.Minute
	// Beyond so many replies, or bytes of them, the oldest is forgotten; catch-up finds it.
	maxRemembered      = 10_000
	maxRememberedBytes = 32 << 20
)

// A threadID names a thread of Slack.
type threadID struct{ team, channel, ts string }

// A memory holds, for a short while, what was said in threads that are nobody's yet. It is never written down.
type memory struct {
	mu      sync.Mutex
	threads map[threadID][]*remembered
	order   []*remembered // the oldest first
	bytes   int
}

// A remembered is the payload of an event; nil once it was recalled.
type remembered struct {
	thread  threadID
	payload json.RawMessage
	at      time.Time
}

func newMemory() *memory { return &memory{threads: map[threadID][]*remembered{}} }

// keep remembers a payload, and forgets what is too old or too much.
func (m *memory) keep(thread threadID, payload json.RawMessage, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &remembered{thread, payload, now}
	m.threads[thread] = append(m.threads[thread], r)
	m.order = append(m.order, r)
	m.bytes += len(payload)
	for len(m.order) > maxRemembered || m.bytes > maxRememberedBytes || now.Sub(m.order[0].at) > rememberedFor {
		m.forgetOldest()
	}
}

func (m *memory) forgetOldest() {
	oldest := m.order[0]
	m.order = m.order[1:]
	if oldest.payload == nil {
		return
	}
	m.bytes -= len(oldest.payload)
	if left := m.threads[oldest.thread][1:]; len(left) > 0 {
		m.threads[oldest.thread] = left
	} else {
		delete(m.threads, oldest.thread)
	}
}

// recall returns what was said in a thread lately, in the order in which it came, and forgets it.
func (m *memory) recall(thread threadID, now time.Time) (payloads []json.RawMessage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.threads[thread] {
		if now.Sub(r.at) <= rememberedFor {
			payloads = append(payloads, r.payload)
		}
		m.bytes -= len(r.payload)
		r.payload = nil
	}
	delete(m.threads, thread)
	return payloads
}
