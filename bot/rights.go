package bot

import "sync"

// rights remembers which kinds of action were refused because the bot lacks a right. The zero value knows of none.
type rights struct {
	mu      sync.Mutex
	lacking map[string]bool
	known   bool // some call went well since the start
}

// What a call's outcome means for what is known of a service's rights.
const (
	lackSame = iota
	lackOne  // the first kind that lacks one
	lackNone // none does any more; or the first call since the start went well, whatever an earlier process met
)

// learn notes how a call of a kind ended, and says what changed by it.
func (r *rights) learn(kind string, lacks, done bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case lacks && !r.lacking[kind]:
		if r.lacking == nil {
			r.lacking = map[string]bool{}
		}
		r.lacking[kind] = true
		if len(r.lacking) == 1 {
			return lackOne
		}
	case done:
		news := r.lacking[kind] || !r.known
		r.known = true
		delete(r.lacking, kind)
		if news && len(r.lacking) == 0 {
			return lackNone
		}
	}
	return lackSame
}
