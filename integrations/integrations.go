// Package integrations is the contract between the machine in package bot and the services that it
// calls. Each service has a folder of its own with a thin client and the kinds of action that it can
// perform; nothing here or there repeats a write by itself.
package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Failure says what is known of a call that did not succeed, and so what may be done next.
type Failure int

const (
	// Rejected: the service answered that it will not do this. Repeating does not help.
	Rejected Failure = iota
	// Limited: refused by a limit of the service and surely not done. Error.After says how long to wait.
	Limited
	// Unreachable: surely not sent (connection refused, name not found).
	Unreachable
	// Unknown: it may or may not have been done (5xx, a timeout, an answer that broke off).
	Unknown
	// Locked: nothing will work until an operator mends it (a revoked token, a missing repository).
	Locked
)

var failureNames = [...]string{"rejected", "limited", "unreachable", "unknown", "locked"}

func (f Failure) String() string { return failureNames[f] }

// An Error is how a client reports a failed call. It never contains a secret.
type Error struct {
	Op      string // what was tried, such as "github: create issue"
	Code    string // the service's own name for the failure: "channel_not_found", "502"
	Failure Failure
	After   time.Duration // wait at least this long before the next call; 0 if the service didn't say
	Err     error         // the cause, if there is one
}

// MissingRight is the Code of a call that was refused because the bot lacks a right. It is Slack's name for it.
const MissingRight = "missing_scope"

// UnknownMethod is the Code of a call that the server does not know, as one that is only compatible may not. It is Slack's
// name for it.
const UnknownMethod = "unknown_method"

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s (%s): %v", e.Op, e.Code, e.Failure, e.Err)
	}
	return fmt.Sprintf("%s: %s (%s)", e.Op, e.Code, e.Failure)
}

func (e *Error) Unwrap() error { return e.Err }

// AsError returns the *Error in err's chain. Any other error is one of ours, not the service's: it counts as
// Rejected, since repeating what we got wrong does not mend it.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Op: "internal", Code: "bug", Failure: Rejected, Err: err}
}

// A Settling says how an action is settled whose outcome is unknown, after a crash, a timeout or a 5xx.
type Settling int

const (
	// Idempotent actions are simply repeated.
	Idempotent Settling = iota
	// LookUp actions are looked for with Kind.Find, twice, before they are repeated.
	LookUp
	// Repeat actions are repeated although that may double them: harmless notices.
	Repeat
	// BestEffort actions are tried once more at most, and then given up.
	BestEffort
)

// A Call is one attempt at an action, as a Kind sees it.
type Call struct {
	Subject string          // whose action it is, such as "ticket:01J…"
	Slot    string          // the slot of a show, empty for others
	Body    json.RawMessage // the payload, as planned
	Ref     json.RawMessage // the result of what was first posted in the slot, nil if nothing was
	Started time.Time       // when the first attempt whose outcome is still open began
	Looking bool            // for Kind.Lane: this step only looks for what an earlier attempt may have done
}

// A Kind is one sort of action at a service: how to perform it, and how to settle it if the answer got lost.
type Kind struct {
	Name     string // such as "github.create_issue"
	Settling Settling
	Read     bool // changes nothing, so it is performed in observe mode too

	// Lane names the lane that a call counts in for the Service's limits. It is asked each time anew, since it
	// may depend on Call.Ref: a post counts in its channel, an edit with all edits. Nil is the lane "", which
	// has no limit.
	Lane func(c Call) string
	// Perform does it, in one attempt, and returns what the service answered, as JSON.
	Perform func(ctx context.Context, c Call) (json.RawMessage, error)
	// Edits says that a call with a Ref edits what is there, so that what was found can be brought up to date.
	Edits bool
	// Find looks for what an earlier attempt may have done since c.Started. Only for LookUp.
	Find func(ctx context.Context, c Call) (result json.RawMessage, found bool, err error)
	// Observed makes up the answer for observe mode. Nil for reads.
	Observed func(c Call) json.RawMessage
}

// Service returns the name of the service that performs k.
func (k Kind) Service() string {
	name, _, _ := strings.Cut(k.Name, ".")
	return name
}

// Performing makes a Kind's Perform of a function that takes the payload decoded, and returns the result.
func Performing[P, R any](do func(context.Context, Call, P) (R, error)) func(context.Context, Call) (json.RawMessage, error) {
	return func(ctx context.Context, c Call) (json.RawMessage, error) {
		var payload P
		if err := json.Unmarshal(c.Body, &payload); err != nil {
			return nil, err
		}
		result, err := do(ctx, c, payload)
		if err != nil {
			return nil, err
		}
		return json.Marshal(result)
	}
}

// A Service is one outside system with its kinds and what the machine must know to treat it well.
type Service struct {
	Name    string        // the part of Kind.Name before the dot
	Title   string        // as people write it, such as "GitHub"
	Timeout time.Duration // of one call; under 10 s, since SIGTERM waits for calls in hand
	Settle  time.Duration // after this, counted from the start of a call, a write that will land has landed
	Workers int           // calls at the same time
	Limits  []Limit
	// Shared says whom a Limited answer is meant for: the whole service, which then waits (GitHub), or only
	// the lane of the call that met it (Slack, whose limits are per method).
	Shared bool
	Kinds  []Kind
	// Probe asks whether the service works, by a read that changes nothing.
	Probe func(ctx context.Context) error
}
