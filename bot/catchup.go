package bot

import (
	"context"
	"slices"
	"sync"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// CatchUp says how the machine finds what it did not hear.
type CatchUp struct {
	Days  int           // so many days back, messages are looked at for replies that were missed; 0 finds nothing
	Sweep time.Duration // within it each channel is read once, even if nothing seems to be missing; 0 is never
	Join  bool          // the bot joins public channels
	Since time.Time     // look back to then once; zero goes on where the last run ended
}

const (
	// catchUpCalls is how many calls catch-up has in hand at most.
	catchUpCalls = 4
	// repliesShare is how many of Slack's 50 reads of threads a minute catch-up may use. The rest is for threads in
	// which somebody waits for an answer.
	repliesShare = 40
	// cursorOverlap is how much of what was read is read again: Slack's clock may be behind ours, and its lists late.
	cursorOverlap = 5 * time.Minute
	// standStill is how often catch-up looks whether Slack works again, or may be called again.
	standStill = 10 * time.Second
)

// A catchUp reads channels back: all of them after a time in which something may have been missed, and one after
// the other as a slow sweep. Its work is chores of one call each, started as Slack's limits allow.
type catchUp struct {
	m     *Machine
	slack *performer // whose health and limits hold for catch-up too
	wake  chan struct{}
	share *integrations.Limiter

	mu          sync.Mutex
	chores      []*chore // that wait, the oldest first
	running     int
	reads       map[string]*channelRead // in hand, by channel
	failed      map[string]time.Time    // when a read was refused, by channel
	missed      time.Time               // until then something may have been missed; zero before the first socket is open
	heldBack    time.Time               // when Slack last said that it holds events back; zero if it did not since the start
	wanted      bool                    // all channels are to be read
	listing     bool                    // is in hand
	lookedBack  bool
	nextListing time.Time
	nextSweep   time.Time
}

// A chore is one call to Slack, with what is made of its answer.
type chore struct {
	lane  string
	do    func(ctx context.Context) error
	after func(refused *integrations.Error) // when it is done (nil), or refused for good

	notBefore time.Time
	tries     int
}

// newCatchUp returns nil if there is nothing to catch up with.
func newCatchUp(m *Machine) *catchUp {
	performer := m.performers["slack"]
	if m.Slack == nil || m.CatchUp.Days == 0 || performer == nil {
		return nil
	}
	return &catchUp{
		m: m, slack: performer, wake: make(chan struct{}, 1), reads: map[string]*channelRead{}, failed: map[string]time.Time{},
		share: integrations.NewLimiter(shares(performer.service)),
	}
}

// shares are the parts of a service's limits that catch-up may use. Of a server without limits it may have all.
func shares(s integrations.Service) []integrations.Limit {
	if len(s.Limits) == 0 {
		return nil
	}
	return []integrations.Limit{{Counts: []string{slack.LaneReplies}, Count: repliesShare, Per: time.Minute}}
}

func (c *catchUp) wakeUp() {
	if c != nil {
		c.m.wake(c.wake)
	}
}

// maybeMissed has all channels read: until now something may have been said that we did not hear.
func (c *catchUp) maybeMissed() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.wanted, c.missed = true, c.m.Now()
	c.mu.Unlock()
	c.wakeUp()
}

// heldBackAlarm lasts until Slack holds no events back any more, and what it did was looked for.
const heldBackAlarm = "slack-events-limited"

// heldBackWindow is the time in which Slack counts events; while it holds some back, it says so every minute
// (docs.slack.dev/apis/events-api).
const heldBackWindow = time.Hour

// eventsHeldBack takes in that Slack holds events back.
func (c *catchUp) eventsHeldBack() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.heldBack = c.m.Now()
	c.mu.Unlock()
	c.maybeMissed()
}

// lookedEverywhere ends the alarm that Slack holds events back, if it did not lately. c.mu is held.
func (c *catchUp) lookedEverywhere() {
	if c.m.Now().Sub(c.heldBack) < heldBackWindow {
		return
	}
	alarm, err := store.Look(c.m.Store, func(v *store.View) (*store.Alarm, error) { return v.Alarm(heldBackAlarm) })
	if err != nil {
		c.m.Log.Error("alarm not read", "what", heldBackAlarm, "error", err)
	}
	if alarm.Lasts() {
		c.m.Clear(heldBackAlarm)
	}
}

// run does chores until ctx ends.
func (c *catchUp) run(ctx context.Context) {
	c.m.lookAgain(ctx, c.wake, func() time.Time { return c.handOut(ctx) })
}

// handOut starts what may start now, and returns when to look again if nothing wakes it before.
func (c *catchUp) handOut(ctx context.Context) (next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.m.Now()
	if !c.slack.health.up() {
		return now.Add(standStill)
	}
	next = c.begin(now)
	waiting := map[string]bool{}
	var left []*chore
	for _, ch := range c.chores {
		if c.running == catchUpCalls || ctx.Err() != nil || waiting[ch.lane] {
			left = append(left, ch)
			continue
		}
		free := ch.notBefore
		if !free.After(now) {
			free = c.spend(ch.lane, now)
			waiting[ch.lane] = free.After(now)
		}
		if !free.After(now) {
			c.start(ch)
			continue
		}
		next = earlier(next, free)
		left = append(left, ch)
	}
	c.chores = left
	return next
}

// spend counts a call in lane, if it may start now; else it returns when.
func (c *catchUp) spend(lane string, now time.Time) (free time.Time) {
	if free := c.share.Free(lane, now); free.After(now) {
		return free
	}
	free, ok := c.slack.limiter.Start(lane, now)
	if ok {
		c.share.Started(lane, now)
	}
	return free
}

// begin begins what is due, and returns when something will be.
func (c *catchUp) begin(now time.Time) (next time.Time) {
	switch {
	case c.listing:
		return time.Time{}
	case c.wanted:
		c.wanted = false
		c.list(true)
		return time.Time{}
	case c.nextListing.IsZero():
		return time.Time{}
	case !now.Before(c.nextListing):
		c.list(false)
		return time.Time{}
	}
	if !now.Before(c.nextSweep) {
		c.sweep(now)
	}
	return earlier(c.nextListing, c.nextSweep)
}

// sweep reads the channel whose last read, or attempt at one, is the longest ago.
func (c *catchUp) sweep(now time.Time) {
	channels, err := c.channels()
	if err != nil {
		c.m.Log.Error("channels not swept", "error", err)
	}
	c.nextSweep = following(c.nextSweep, c.m.CatchUp.Sweep/time.Duration(max(1, len(channels))), now)
	if len(channels) == 0 {
		return
	}
	c.read(slices.MinFunc(channels, func(a, b store.Channel) int { return c.lastTry(a).Compare(c.lastTry(b)) }), false)
}

// following is when what was due at a time and is done every so often is due again, after now.
func following(due time.Time, every time.Duration, now time.Time) time.Time {
	if next := due.Add(every); next.After(now) {
		return next
	}
	return now.Add(every)
}

func (c *catchUp) lastTry(channel store.Channel) time.Time {
	if failed := c.failed[channel.ID]; failed.After(channel.ReadAt) {
		return failed
	}
	return channel.ReadAt
}

func (c *catchUp) channels() ([]store.Channel, error) {
	return store.Look(c.m.Store, (*store.View).Channels)
}

// add has a chore done when its turn comes. c.mu is held.
func (c *catchUp) add(lane string, do func(context.Context) error, after func(*integrations.Error)) {
	c.chores = append(c.chores, &chore{lane: lane, do: do, after: after})
}

func (c *catchUp) start(ch *chore) {
	c.running++
	c.m.busy.add(1)
	c.m.calls.Go(func() {
		defer c.m.busy.add(-1)
		ctx, cancel := context.WithTimeout(context.Background(), c.slack.service.Timeout)
		defer cancel()
		err := ch.do(ctx)
		c.ended(ch, err, c.hopeless(ch, err))
		c.wakeUp()
	})
}

// ended takes in how a chore's call went: what may go well another time is tried again, unless that is hopeless.
func (c *catchUp) ended(ch *chore, err error, hopeless bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if err == nil {
		ch.after(nil)
		return
	}
	e := integrations.AsError(err)
	if !c.m.lacks(e) {
		c.m.Log.Warn("catch-up: call failed", "error", e)
	}
	if e.Code == integrations.MissingRight { // of some channels only, perhaps: what is read of others does not disprove it
		c.slack.checkRights(ch.lane, e)
	}
	if e.Failure == integrations.Rejected || hopeless {
		ch.after(e)
		return
	}
	ch.tries++
	ch.notBefore = c.m.Now().Add(max(e.After, backoff(ch.tries)))
	switch e.Failure {
	case integrations.Limited:
		c.slack.limiter.Hold(ch.lane, ch.notBefore)
	case integrations.Locked:
		c.slack.learn(e)
		c.slack.wakeUp()
	}
	c.chores = append(c.chores, ch)
}

// hopeless says whether a thread, of which a call returned err, is left to the sweep: Slack failed to show it again and
// again, but is well. It must not hold up what else is said in its channel.
func (c *catchUp) hopeless(ch *chore, err error) bool {
	if err == nil || integrations.AsError(err).Failure != integrations.Unknown ||
		ch.lane != slack.LaneReplies || ch.tries+1 < readTries || c.m.CatchUp.Sweep == 0 || c.m.undecided.isClosed() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.slack.service.Timeout)
	defer cancel()
	return c.slack.service.Probe(ctx) == nil
}

// behind says whether something may have been said in a channel that we neither heard nor found: it was not read
// since a socket was opened when none was, or none is open now.
func (c *catchUp) behind(channel store.Channel) bool {
	if c.m.open.Load() == 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return channel.ReadAt.Before(c.missed.Truncate(time.Millisecond))
}
