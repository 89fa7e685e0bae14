package slack

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"supportbot/integrations"
)

// failure is the Error of a call of slack-go that returned err. sent says whether the request may have gone
// out.
func failure(op string, err error, sent bool) *integrations.Error {
	var (
		named     slack.SlackErrorResponse
		limited   *slack.RateLimitedError
		status    slack.StatusCodeError
		transport *url.Error
	)
	switch {
	case errors.As(err, &named):
		return namedError(op, named.Err, named.Needed)
	case errors.As(err, &limited):
		return statusError(op, http.StatusTooManyRequests, limited.RetryAfter)
	case errors.As(err, &status):
		return statusError(op, status.Code, 0)
	case errors.As(err, &transport) && transport.Op == "parse":
		return &integrations.Error{Op: op, Code: "bad address", Failure: integrations.Locked}
	case errors.As(err, &transport):
		return integrations.Unanswered(op, err, sent)
	case notJSON(err):
		return &integrations.Error{Op: op, Code: "broken answer", Failure: integrations.Unknown}
	}
	// A well-formed answer in which slack-go met something new to it, maybe in a part that nobody looks at.
	// Slack is well, and would answer so again. The cause is left out, as it can repeat what Slack said.
	return &integrations.Error{Op: op, Code: unreadable, Failure: integrations.Rejected}
}

// unreadable is the Code of an answer that slack-go can't decode.
const unreadable = "unreadable answer"

// notJSON says whether err is of an answer that is cut short or none of the Web API's.
func notJSON(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// broken is the Error of an answer without what it is read for.
func broken(method string) *integrations.Error {
	return &integrations.Error{Op: "slack: " + method, Code: "broken answer", Failure: integrations.Unknown}
}

// limitedWait is how long to wait if Slack, against its documentation, doesn't say.
const limitedWait = time.Second

// statusError is the Error of an answer that is not the Web API's own, which has always the status 200. after
// is what a Retry-After asks for.
func statusError(op string, status int, after time.Duration) *integrations.Error {
	e := &integrations.Error{Op: op, Code: strconv.Itoa(status), Failure: integrations.Rejected}
	switch {
	case status == http.StatusTooManyRequests:
		e.Failure, e.After = integrations.Limited, min(max(after, limitedWait), integrations.MaxWait)
	case status >= 500 || status == http.StatusRequestTimeout || status < 300:
		e.Failure = integrations.Unknown
	case status < 400 || status == http.StatusUnauthorized || status == http.StatusForbidden ||
		status == http.StatusNotFound || status == http.StatusProxyAuthRequired:
		// No answer of Slack's: a wrong api_url, or a gateway in between. No single call is to blame.
		e.Failure = integrations.Locked
	}
	return e
}

// failures are Slack's names of errors that are not the call's fault. Source: the lists of errors in
// https://docs.slack.dev/reference/methods/chat.postMessage and auth.test.
var failures = map[string]integrations.Failure{
	"ratelimited":            integrations.Limited,
	"rate_limited":           integrations.Limited,
	"message_limit_exceeded": integrations.Limited,

	"internal_error":      integrations.Unknown, // may have half succeeded, says the documentation
	"fatal_error":         integrations.Unknown,
	"service_unavailable": integrations.Unknown,
	"request_timeout":     integrations.Unknown,
	"team_added_to_org":   integrations.Unknown,

	"invalid_auth":           integrations.Locked,
	"not_authed":             integrations.Locked,
	"account_inactive":       integrations.Locked,
	"token_revoked":          integrations.Locked,
	"token_expired":          integrations.Locked,
	"not_allowed_token_type": integrations.Locked,
	"org_login_required":     integrations.Locked,
	"ekm_access_denied":      integrations.Locked,
	"accesslimited":          integrations.Locked,
}

var plainName = regexp.MustCompile(`^[a-z0-9_:,.-]{1,100}$`)

// namedError is the Error of an answer that says ok:false. name and needed come from the server: only what
// looks like a name is repeated.
func namedError(op, name, needed string) *integrations.Error {
	if !plainName.MatchString(name) {
		return &integrations.Error{Op: op, Code: "broken answer", Failure: integrations.Unknown}
	}
	e := &integrations.Error{Op: op, Code: name, Failure: failures[name]} // else Rejected, the zero Failure
	if e.Failure == integrations.Limited {
		e.After = limitedWait
	}
	if name == integrations.MissingRight && plainName.MatchString(needed) {
		e.Err = errors.New("needs " + needed)
	}
	return e
}
