package integrations

import (
	"slices"
	"sort"
	"sync"
	"time"
)

// A Limit allows Count starts in any Per for the lanes it counts, and holds back lanes once that many have
// started. A lane is what a service counts together: a Slack channel, "issue" and "comment" at GitHub.
type Limit struct {
	Counts []string // lanes counted together; nil counts each lane that no other Limit counts, by itself
	Holds  []string // lanes held back when Count is reached; nil holds those counted. Not used if Counts is nil.
	Count  int      // 0 is no limit
	Per    time.Duration
	Even   bool // spread: one start each Per/Count, no bursts
}

// A Limiter keeps the Limits of one service. It is told of each start and says which lanes must wait; the
// clock is the caller's. The lane "" has no limit. Several goroutines may use it.
//
//	held := limiter.Held(now)
//	if !held.All.After(now) {
//		// claim the next planned action whose lane is not in held.Lanes
//		limiter.Start(lane, now)
//	} // if there was none, look again at held.Next
type Limiter struct {
	mu     sync.Mutex
	shared []*sharedWindow
	named  map[string][]*sharedWindow // by lane that a shared limit counts
	own    []Limit                    // limits that count each lane by itself
	lanes  map[string][]window        // windows of own, for the lanes that started lately
	sweep  int                        // look for idle lanes when there are so many
	holds  map[string]time.Time
	all    time.Time
}

// A Held says what must wait.
type Held struct {
	All   time.Time            // the whole service waits until then; zero if it doesn't
	Lanes map[string]time.Time // these lanes wait until then; others are free
	Next  time.Time            // when the first of them becomes free; zero if nothing waits
}

const minSweep = 64

// NewLimiter returns a Limiter of limits, with nothing started yet.
func NewLimiter(limits []Limit) *Limiter {
	l := &Limiter{
		named: map[string][]*sharedWindow{},
		lanes: map[string][]window{},
		holds: map[string]time.Time{},
		sweep: minSweep,
	}
	for _, limit := range limits {
		if limit.Count > 0 {
			l.add(limit.spread())
		}
	}
	return l
}

// spread returns an even limit as what it comes to: one start in a part of Per. The part is rounded up, so
// that Count starts never take less than Per.
func (l Limit) spread() Limit {
	if l.Even {
		count := time.Duration(l.Count)
		l.Per, l.Count = (l.Per+count-1)/count, 1
	}
	return l
}

func (l *Limiter) add(limit Limit) {
	if limit.Counts == nil {
		l.own = append(l.own, limit)
		return
	}
	if limit.Holds == nil {
		limit.Holds = limit.Counts
	}
	s := &sharedWindow{limit: limit}
	l.shared = append(l.shared, s)
	for _, lane := range limit.Counts {
		l.named[lane] = append(l.named[lane], s)
	}
}

// Start counts a start in lane, if it may start now; else it returns when.
func (l *Limiter) Start(lane string, now time.Time) (free time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if free := l.free(lane, now); free.After(now) {
		return free, false
	}
	l.started(lane, now)
	return now, true
}

// Started counts a start in lane. It is also how a Limiter is rebuilt from the actions of the time before;
// they may come in any order.
func (l *Limiter) Started(lane string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started(lane, at)
}

func (l *Limiter) started(lane string, at time.Time) {
	if lane == "" {
		return
	}
	if shared, ok := l.named[lane]; ok {
		for _, s := range shared {
			s.window.add(at, s.limit.Count)
		}
		return
	}
	if len(l.own) == 0 {
		return
	}
	windows := l.lanes[lane]
	if windows == nil {
		l.makeRoom(at)
		windows = make([]window, len(l.own))
		l.lanes[lane] = windows
	}
	for i, limit := range l.own {
		windows[i].add(at, limit.Count)
	}
}

// makeRoom forgets the lanes that are idle, each time their number has doubled.
func (l *Limiter) makeRoom(now time.Time) {
	if len(l.lanes) < l.sweep {
		return
	}
	for lane, windows := range l.lanes {
		if l.idle(windows, now) {
			delete(l.lanes, lane)
		}
	}
	l.sweep = max(minSweep, 2*len(l.lanes))
}

// idle says whether no start in a lane's windows counts any more.
func (l *Limiter) idle(windows []window, now time.Time) bool {
	for i, limit := range l.own {
		if windows[i].counted(limit, now) {
			return false
		}
	}
	return true
}

// Hold makes lane wait until then, as after a Retry-After; the lane "" is the whole service. A hold never
// shortens one that is there.
func (l *Limiter) Hold(lane string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lane == "" {
		l.all = later(l.all, until)
		return
	}
	l.holds[lane] = later(l.holds[lane], until)
}

// Free returns when lane may start, at now or later. It takes the same short time however many lanes there
// are.
func (l *Limiter) Free(lane string, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.free(lane, now)
}

func (l *Limiter) free(lane string, now time.Time) time.Time {
	free := later(later(now, l.all), l.holds[lane])
	for _, s := range l.shared {
		if slices.Contains(s.limit.Holds, lane) {
			free = later(free, s.window.free(s.limit))
		}
	}
	for i, w := range l.lanes[lane] {
		free = later(free, w.free(l.own[i]))
	}
	return free
}

// Held returns all that may not start at now. It takes time in proportion to the lanes that started lately;
// where those are thousands, Free is the cheaper question.
func (l *Limiter) Held(now time.Time) Held {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Held{Lanes: map[string]time.Time{}}
	if l.all.After(now) {
		h.All = l.all
	}
	hold := func(lane string, until time.Time) {
		if until.After(now) {
			h.Lanes[lane] = later(h.Lanes[lane], until)
		}
	}
	for _, s := range l.shared {
		for _, lane := range s.limit.Holds {
			hold(lane, s.window.free(s.limit))
		}
	}
	for lane, windows := range l.lanes {
		for i, w := range windows {
			hold(lane, w.free(l.own[i]))
		}
	}
	for lane, until := range l.holds {
		hold(lane, until)
		if !until.After(now) {
			delete(l.holds, lane)
		}
	}
	l.makeRoom(now)
	h.Next = h.next()
	return h
}

func (h Held) next() time.Time {
	if !h.All.IsZero() {
		return h.All
	}
	var next time.Time
	for _, free := range h.Lanes {
		if next.IsZero() || free.Before(next) {
			next = free
		}
	}
	return next
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

type sharedWindow struct {
	limit  Limit
	window window
}

// A window is the latest starts under a limit, the oldest first, at most as many as the limit counts.
type window []time.Time

func (w *window) add(at time.Time, most int) {
	i := sort.Search(len(*w), func(i int) bool { return (*w)[i].After(at) })
	*w = slices.Insert(*w, i, at)
	if len(*w) > most { // the oldest makes room
		*w = slices.Delete(*w, 0, 1)
	}
}

// free returns when one more may start.
func (w window) free(limit Limit) time.Time {
	if len(w) < limit.Count {
		return time.Time{}
	}
	return w[0].Add(limit.Per)
}

// counted says whether a start in w still counts at now.
func (w window) counted(limit Limit, now time.Time) bool {
	return len(w) > 0 && w[len(w)-1].Add(limit.Per).After(now)
}
