package slack

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"supportbot/integrations"
)

// limitedWait is how long to wait if Slack, against its documentation, doesn't say.
const limitedWait = time.Second

// statusError is the Error of an answer that is not the Web API's own, which has always the status 200.
func statusError(op string, status int, h http.Header) *integrations.Error {
	e := &integrations.Error{Op: op, Code: strconv.Itoa(status), Failure: integrations.Rejected}
	switch {
	case status == http.StatusTooManyRequests:
		e.Failure, e.After = integrations.Limited, max(integrations.RetryAfter(h), limitedWait)
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
func namedError(op, name, needed string, h http.Header) *integrations.Error {
	if !plainName.MatchString(name) {
		return &integrations.Error{Op: op, Code: "broken answer", Failure: integrations.Unknown}
	}
	e := &integrations.Error{Op: op, Code: name, Failure: failures[name]} // else Rejected, the zero Failure
	if e.Failure == integrations.Limited {
		e.After = max(integrations.RetryAfter(h), limitedWait)
	}
	if name == "missing_scope" && plainName.MatchString(needed) {
		e.Err = errors.New("needs " + needed)
	}
	return e
}
