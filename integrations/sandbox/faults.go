package sandbox

import (
	"bytes"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A FaultKind is one way in which a service misbehaves.
type FaultKind string

// The ways in which a stand-in can be made to fail.
const (
	Fail       FaultKind = "fail"        // answer with Status, having done nothing
	Limited    FaultKind = "limited"     // answer 429 with Retry-After: Delay, having done nothing
	Hang       FaultKind = "hang"        // answer after Delay, as if the service were slow
	LoseAnswer FaultKind = "lose answer" // do it, then break the connection
	LandLate   FaultKind = "land late"   // break the connection at once, do it Delay later
	Refuse     FaultKind = "refuse"      // break the connection, having done nothing
	Lag        FaultKind = "lag"         // lists don't show what was written in the last Delay
	Watch      FaultKind = "watch"       // no fault: call Wrote after the write, Answered after the answer
)

// A Fault is an order to misbehave.
type Fault struct {
	Kind   FaultKind
	On     string        // the operation: a Slack method, or "create issue"; empty is every operation
	Times  int           // how often; 0 is until ClearFaults
	Odds   float64       // the chance that a call is met, 0 is always
	Status int           // of Fail: 500 if not set
	Delay  time.Duration // of Limited, Hang, LandLate, Lag

	Wrote    func() // of Watch
	Answered func() // of Watch
}

// Faults is the list of orders that a stand-in obeys. The zero value is a service in good health.
type Faults struct {
	limited string // the service's own words, JSON, of a call that Limited refuses

	mu     sync.Mutex
	active []*Fault
	met    map[string]int // "operation/kind": how often a call met a fault
	hits   []Hit
}

// A Hit is a call that met a fault.
type Hit struct {
	Operation string
	Kind      FaultKind
	Status    int    // as answered in the service's place, 0 if the service answered or nobody did
	Request   string // method and path, with its query
	At        time.Time
}

// Add makes the stand-in obey f from now on.
func (fs *Faults) Add(f Fault) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.Status == 0 {
		f.Status = http.StatusInternalServerError
	}
	fs.active = append(fs.active, &f)
}

// Clear heals the stand-in.
func (fs *Faults) Clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.active = nil
}

// Active returns the orders that are obeyed now, the oldest first.
func (fs *Faults) Active() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return values(fs.active)
}

// values are copies of what list points to.
func values[T any](list []*T) []T {
	copies := make([]T, len(list))
	for i, v := range list {
		copies[i] = *v
	}
	return copies
}

// Met returns how often each "operation/kind" has been met.
func (fs *Faults) Met() map[string]int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	met := make(map[string]int, len(fs.met))
	maps.Copy(met, fs.met)
	return met
}

// Hits returns the calls that met a fault, the oldest first.
func (fs *Faults) Hits() []Hit {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Clone(fs.hits)
}

func (fs *Faults) remember(h Hit) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.hits = append(fs.hits, h)
}

// next returns the fault that this call of operation meets, or nil.
func (fs *Faults) next(operation string) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, f := range fs.active {
		if f.Kind == Lag || f.On != "" && f.On != operation || f.Odds > 0 && rand.Float64() >= f.Odds {
			continue
		}
		if f.Times == 1 {
			fs.active = append(fs.active[:i:i], fs.active[i+1:]...)
		} else if f.Times > 1 {
			f.Times--
		}
		fs.count(operation, f.Kind)
		return f
	}
	return nil
}

// lag returns how far the list operation is behind.
func (fs *Faults) lag(operation string) time.Duration {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.active {
		if f.Kind == Lag && (f.On == "" || f.On == operation) {
			fs.count(operation, Lag)
			return f.Delay
		}
	}
	return 0
}

// note counts a fault that is not in the list, such as those of sockets.
func (fs *Faults) note(operation string, kind FaultKind) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.count(operation, kind)
}

func (fs *Faults) count(operation string, kind FaultKind) {
	if fs.met == nil {
		fs.met = map[string]int{}
	}
	fs.met[operation+"/"+string(kind)]++
}

// serve answers one call of operation with do, unless a fault comes between.
func (fs *Faults) serve(clock *Clock, operation string, w http.ResponseWriter, r *http.Request, do http.HandlerFunc) {
	f := fs.next(operation)
	if f == nil {
		do(w, r)
		return
	}
	if f.Kind != Watch {
		fs.remember(Hit{operation, f.Kind, f.answers(), r.Method + " " + r.URL.RequestURI(), clock.Now()})
	}
	switch f.Kind {
	case Fail:
		http.Error(w, http.StatusText(f.Status), f.Status)
	case Limited:
		fs.refuse(f, w)
	case Hang:
		select {
		case <-clock.After(f.Delay):
			do(w, r)
		case <-r.Context().Done():
		}
	case Refuse:
		breakOff(w)
	case LoseAnswer:
		do(httptest.NewRecorder(), r)
		breakOff(w)
	case LandLate:
		landLate(clock, f.Delay, w, r, do)
	case Watch:
		watch(f, w, r, do)
	}
}

// answers is the status that f answers with in the service's place, 0 if it does not answer.
func (f *Fault) answers() int {
	switch f.Kind {
	case Fail:
		return f.Status
	case Limited:
		return http.StatusTooManyRequests
	}
	return 0
}

// refuse answers as the service does whose limit is exceeded.
func (fs *Faults) refuse(f *Fault, w http.ResponseWriter) {
	w.Header().Set("Retry-After", retryAfter(f.Delay))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(w, fs.limited)
}

// retryAfter is d as the header has it: whole seconds, rounded up.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

func landLate(clock *Clock, delay time.Duration, w http.ResponseWriter, r *http.Request, do http.HandlerFunc) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		late := r.Clone(context.WithoutCancel(r.Context()))
		late.Body = io.NopCloser(bytes.NewReader(body))
		clock.AfterFunc(delay, func() { do(httptest.NewRecorder(), late) })
	}
	breakOff(w)
}

func watch(f *Fault, w http.ResponseWriter, r *http.Request, do http.HandlerFunc) {
	answer := httptest.NewRecorder()
	do(answer, r)
	if f.Wrote != nil {
		f.Wrote()
	}
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	if f.Answered != nil {
		f.Answered()
	}
}

// breakOff ends the connection without an answer.
func breakOff(http.ResponseWriter) { panic(http.ErrAbortHandler) }
