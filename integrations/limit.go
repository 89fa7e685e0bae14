package integrations

import "time"

// A Limit allows Count starts in any Per for the lanes it counts, and holds back lanes once that many have
// started. A lane is what a service counts together: a Slack channel, "issue" and "comment" at GitHub.
type Limit struct {
	Counts []string // lanes counted together; nil counts each lane by itself
	Holds  []string // lanes held back when Count is reached; nil holds those counted
	Count  int      // 0 is no limit
	Per    time.Duration
	Even   bool // spread: one start each Per/Count, no bursts
}
