package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v66/github"

	"supportbot/integrations"
)

// limitedWait is the least wait after a limit for which GitHub gives none. Source:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api.
const limitedWait = time.Minute

const maxReason = 300 // characters of GitHub's own words in an error

// NotAPI is the Code of an answer that is not JSON, as a web page is: something else answers at that address.
const NotAPI = "not GitHub's API"

func broken(op string) *integrations.Error {
	return &integrations.Error{Op: op, Code: "broken answer", Failure: integrations.Unknown}
}

// do makes one call and says what its error means. What is missing is then the repository, so that nothing
// works.
func (c *Client) do(ctx context.Context, op string, call func(context.Context) error) error {
	ctx, sent := integrations.TraceSent(ctx)
	err := call(ctx)
	if err == nil {
		return nil
	}
	e := c.failure(err, sent.Load())
	e.Op = op
	return e
}

// doOnIssue makes a call that names an issue or a comment. What is missing may be just that: it is, if the
// repository can be read.
func (c *Client) doOnIssue(ctx context.Context, op string, call func(context.Context) error) error {
	err := c.do(ctx, op, call)
	if err == nil {
		return nil
	}
	e := integrations.AsError(err)
	if e.Code != "404" && e.Code != "410" {
		return e
	}
	if err := c.Probe(ctx); err != nil {
		return err
	}
	e.Failure = integrations.Rejected
	return e
}

func (c *Client) failure(err error, sent bool) *integrations.Error {
	var (
		ours      *integrations.Error
		primary   *github.RateLimitError
		secondary *github.AbuseRateLimitError
		code      *github.TwoFactorAuthError
		answered  *github.ErrorResponse
	)
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &primary): // go-github's own refusal until then, too
		return limited(c.untilReset(primary))
	case errors.As(err, &secondary):
		if secondary.RetryAfter == nil {
			return limited(0)
		}
		return limited(*secondary.RetryAfter)
	case errors.As(err, &code):
		return locked("401")
	case errors.As(err, &answered):
		return c.status(answered)
	case errors.As(err, new(*json.SyntaxError)):
		return &integrations.Error{Op: "github", Code: NotAPI, Failure: integrations.Unknown}
	case errors.As(err, new(*github.AcceptedError)):
		return broken("github")
	}
	return integrations.Unanswered("github", err, sent)
}

// limited is a refusal by a limit; after is 0 if GitHub gave no wait.
func limited(after time.Duration) *integrations.Error {
	if after <= 0 {
		after = limitedWait
	}
	return &integrations.Error{
		Op: "github", Code: "rate limited", Failure: integrations.Limited, After: min(after, integrations.MaxWait),
	}
}

func (c *Client) status(r *github.ErrorResponse) *integrations.Error {
	status := r.Response.StatusCode
	if after, is := limitOf(r); is {
		return limited(after)
	}
	e := &integrations.Error{Op: "github", Code: strconv.Itoa(status), Failure: integrations.Rejected, Err: c.reason(r)}
	switch {
	case status >= 500 || status == http.StatusRequestTimeout || status < 300:
		e.Failure = integrations.Unknown
	case status == http.StatusForbidden && ofOneConversation(r.Message):
		e.Failure = integrations.Rejected
	case status < 400 || lockedStatus[status]:
		e.Failure = integrations.Locked
	}
	return e
}

// lockedStatus are the answers that concern the token or the repository as a whole.
var lockedStatus = map[int]bool{
	http.StatusUnauthorized:               true,
	http.StatusForbidden:                  true, // "Resource not accessible …", "Repository was archived …"
	http.StatusNotFound:                   true,
	http.StatusProxyAuthRequired:          true,
	http.StatusGone:                       true, // issues are disabled
	http.StatusUnavailableForLegalReasons: true,
}

// ofOneConversation says whether a refusal concerns one issue: its conversation is locked, or it has as many comments as an
// issue can have, which GitHub doesn't document but says so ("… with more than 2500 comments").
func ofOneConversation(message string) bool {
	return strings.Contains(message, "is locked") || strings.Contains(message, "Commenting is disabled")
}

// limitOf says whether r is a refusal by a limit, and how long to wait. go-github knows those with status
// 403, and not all of them.
func limitOf(r *github.ErrorResponse) (time.Duration, bool) {
	status, after := r.Response.StatusCode, integrations.RetryAfter(r.Response.Header)
	message := strings.ToLower(r.Message)
	switch {
	case status == http.StatusTooManyRequests:
		return max(after, untilReset(r.Response)), true
	case status == http.StatusForbidden && (after > 0 || strings.Contains(message, "rate limit")):
		return after, true
	case status == http.StatusUnprocessableEntity && strings.Contains(message, "submitted too quickly"):
		return after, true
	}
	return 0, false
}

// untilReset returns how long the primary limit is used up, or 0.
func (c *Client) untilReset(e *github.RateLimitError) time.Duration {
	if after := untilReset(e.Response); after > 0 {
		return after
	}
	return max(0, e.Rate.Reset.Sub(c.now())) // go-github made up the answer, without headers
}

// untilReset returns how long the primary limit is used up, by the server's own clock, or 0.
func untilReset(r *http.Response) time.Duration {
	reset, err := strconv.ParseInt(r.Header.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil || r.Header.Get("X-Ratelimit-Remaining") != "0" {
		return 0
	}
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, time.Unix(reset, 0).Sub(date))
}

// reason is GitHub's explanation, cut, and without the token should it be in there.
func (c *Client) reason(r *github.ErrorResponse) error {
	text := r.Message
	for _, e := range r.Errors {
		text += fmt.Sprintf("; %s %s %s", e.Field, e.Code, e.Message)
	}
	if token := c.transport.last.Load(); token != nil && *token != "" {
		text = strings.ReplaceAll(text, *token, "…")
	}
	if text = cutRunes(text, maxReason); text == "" {
		return nil
	}
	return errors.New(text)
}
