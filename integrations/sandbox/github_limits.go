package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// GitHub's limits for a user or an installation.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
const (
	primaryPerHour      = 5000
	contentPerMinute    = 80
	contentPerHour      = 500
	pointsPerMinute     = 900 // for each endpoint; a read costs one, a write five
	concurrentRequests  = 100
	shortestHold        = time.Minute
	secondaryDocs       = githubDocs + "/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	primaryDocs         = githubDocs + "/overview/rate-limits-for-the-rest-api"
	contentLimitMessage = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later."
	generalLimitMessage = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
	secondaryRefusal    = `{"message":"` + generalLimitMessage + `","documentation_url":"` + secondaryDocs + `","status":"429"}`
)

// githubLimits keep GitHub's limits. All calls count together, as those of one user; only the primary limit
// is each account's own.
type githubLimits struct {
	off          bool
	status       int // of secondary refusals
	noRetryAfter bool

	inFlight int
	quotas   map[int64]*quota // by account id
	minute   window           // of content
	hour     window           // of content
	points   map[string]*window

	contentHold hold // of what creates
	hold        hold // of everything
}

// A hold refuses calls until a time.
type hold struct {
	until time.Time
	told  bool // the client has been refused, so it knows
}

// refuses says whether the hold is on, and notes in call whether the client knew.
func (h *hold) refuses(now time.Time, call *GitHubCall) bool {
	if !now.Before(h.until) {
		return false
	}
	call.Held = h.told
	h.told = true
	return true
}

// A quota is what is left of an account's primary limit.
type quota struct {
	used     int
	reset    time.Time
	exceeded bool // refused since the last reset
}

func newGitHubLimits(o GitHubOptions) githubLimits {
	l := githubLimits{
		off: o.Unlimited, status: o.SecondaryStatus, noRetryAfter: o.NoRetryAfter,
		quotas: map[int64]*quota{},
		minute: window{per: time.Minute, max: contentPerMinute},
		hour:   window{per: time.Hour, max: contentPerHour},
		points: map[string]*window{},
	}
	if l.status == 0 {
		l.status = http.StatusForbidden
	}
	return l
}

// quota returns an account's, which begins anew an hour after its first call.
func (l *githubLimits) quota(id int64, now time.Time) *quota {
	q, ok := l.quotas[id]
	if !ok || !now.Before(q.reset) {
		q = &quota{reset: now.Add(time.Hour).Truncate(time.Second)}
		l.quotas[id] = q
	}
	return q
}

// admit counts r, or refuses it. It notes in call whether r should not have been sent.
func (l *githubLimits) admit(r *githubRequest, now time.Time, call *GitHubCall) (githubAnswer, bool) {
	if l.off {
		return githubAnswer{}, false
	}
	if a, refused := l.admitPrimary(r, now, call); refused {
		return a, true
	}
	return l.admitSecondary(r, now, call)
}

func (l *githubLimits) admitPrimary(r *githubRequest, now time.Time, call *GitHubCall) (githubAnswer, bool) {
	if !counted(r) {
		return githubAnswer{}, false
	}
	q := l.quota(r.who.ID, now)
	if q.used >= primaryPerHour {
		call.Held = q.exceeded
		q.exceeded = true
		message := "API rate limit exceeded for user ID " + strconv.FormatInt(r.who.ID, 10) +
			". If you reach out to GitHub Support for help, please include the request ID " + r.id + "."
		return refusal(http.StatusForbidden, message, primaryDocs), true
	}
	q.used++
	return githubAnswer{}, false
}

// counted says whether r counts against the primary limit.
func counted(r *githubRequest) bool {
	return r.who.Account != nil && (r.route == nil || r.route.kind == ordinary || r.route.kind == content)
}

func (l *githubLimits) admitSecondary(r *githubRequest, now time.Time, call *GitHubCall) (githubAnswer, bool) {
	creating := r.route != nil && r.route.kind == content
	switch {
	case l.hold.refuses(now, call):
		return l.refuse(generalLimitMessage, l.hold.until.Sub(now)), true
	case creating && l.contentHold.refuses(now, call):
		return l.refuse(contentLimitMessage, l.contentHold.until.Sub(now)), true
	case l.inFlight > concurrentRequests:
		l.hold = hold{now.Add(shortestHold), true}
		return l.refuse(generalLimitMessage, shortestHold), true
	}
	endpoint, cost := l.endpoint(call.Operation), 5
	if r.Method == http.MethodGet {
		cost = 1
	}
	if wait := endpoint.wait(now, cost); wait > 0 {
		wait = max(wait, shortestHold)
		l.hold = hold{now.Add(wait), true}
		return l.refuse(generalLimitMessage, wait), true
	}
	if creating {
		if wait := max(l.minute.wait(now, 1), l.hour.wait(now, 1)); wait > 0 {
			wait = max(wait, shortestHold)
			l.contentHold = hold{now.Add(wait), true}
			return l.refuse(contentLimitMessage, wait), true
		}
		l.minute.spend(now, 1)
		l.hour.spend(now, 1)
	}
	endpoint.spend(now, cost)
	return githubAnswer{}, false
}

func (l *githubLimits) endpoint(operation string) *window {
	w, ok := l.points[operation]
	if !ok {
		w = &window{per: time.Minute, max: pointsPerMinute}
		l.points[operation] = w
	}
	return w
}

func (l *githubLimits) refuse(message string, wait time.Duration) githubAnswer {
	a := refusal(l.status, message, secondaryDocs)
	if !l.noRetryAfter {
		a.header = http.Header{"Retry-After": {retryAfter(wait)}}
	}
	return a
}

// refund takes back what an unchanged answer cost of the primary limit.
func (l *githubLimits) refund(r *githubRequest) {
	if l.off || !counted(r) {
		return
	}
	if q := l.quotas[r.who.ID]; q.used > 0 {
		q.used--
	}
}

// header tells the client where it stands.
func (l *githubLimits) header(who actor, now time.Time) http.Header {
	if l.off || who.Account == nil {
		return nil
	}
	q := l.quota(who.ID, now)
	return http.Header{
		"X-Ratelimit-Limit":     {strconv.Itoa(primaryPerHour)},
		"X-Ratelimit-Remaining": {strconv.Itoa(primaryPerHour - q.used)},
		"X-Ratelimit-Used":      {strconv.Itoa(q.used)},
		"X-Ratelimit-Reset":     {strconv.FormatInt(q.reset.Unix(), 10)},
		"X-Ratelimit-Resource":  {"core"},
	}
}

// A window counts what was spent in the last while.
type window struct {
	per   time.Duration
	max   int
	spent []spending
	sum   int
}

type spending struct {
	at     time.Time
	points int
}

// wait returns how long until points more fit in, 0 if they do now.
func (w *window) wait(now time.Time, points int) time.Duration {
	for len(w.spent) > 0 && !now.Before(w.spent[0].at.Add(w.per)) {
		w.sum -= w.spent[0].points
		w.spent = w.spent[1:]
	}
	over := w.sum + points - w.max
	for _, s := range w.spent {
		if over <= 0 {
			return 0
		}
		if over -= s.points; over <= 0 {
			return s.at.Add(w.per).Sub(now)
		}
	}
	return 0
}

func (w *window) spend(now time.Time, points int) {
	w.spent = append(w.spent, spending{now, points})
	w.sum += points
}
