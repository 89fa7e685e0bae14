package slack

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A pace keeps opens of one socket apart: a second, doubling up to half a minute for as long as connections
// don't last.
type pace struct {
	now   func() time.Time
	after func(time.Duration) <-chan time.Time

	mu     sync.Mutex
	opened time.Time // last
	gap    time.Duration
	until  time.Time // not before, as Slack asked
}

func newPace(now func() time.Time, after func(time.Duration) <-chan time.Time) *pace {
	if now == nil {
		now = time.Now
	}
	if after == nil {
		after = time.After
	}
	return &pace{now: now, after: after, gap: minBetweenOpens}
}

// wait makes the next open wait for d from now.
func (p *pace) wait(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = p.now().Add(d)
}

// next waits until a connection may be opened.
func (p *pace) next(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if d := p.pause(); d > 0 {
		select {
		case <-p.after(d):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = p.now()
	return nil
}

func (p *pace) pause() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	d := max(0, p.until.Sub(now))
	if p.opened.IsZero() {
		return d
	}
	lasted := now.Sub(p.opened)
	if lasted > 2*maxBetweenOpens {
		p.gap = minBetweenOpens
	}
	d = max(d, p.gap-lasted)
	p.gap = min(2*p.gap, maxBetweenOpens)
	return d
}

// pacedOpener is the HTTP client that opens a socket's connections. slack-go opens them in a loop that has no
// pause if connections succeed and end at once; this is the pause.
type pacedOpener struct {
	pace *pace
	http *http.Client
}

func (o pacedOpener) Do(r *http.Request) (*http.Response, error) {
	if err := o.pace.next(r.Context()); err != nil {
		return nil, err
	}
	return o.http.Do(r)
}
