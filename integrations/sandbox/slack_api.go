package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Calls a minute that Slack's tiers allow at least (docs.slack.dev/apis/web-api/rate-limits).
const (
	tier1     = 1
	tier2     = 20
	tier3     = 50
	tier4     = 100
	noTier    = 0   // "special" in Slack's documentation, and generous
	posting   = 300 // messages a minute in a workspace: "several hundred"
	tier1Rush = 20  // Slack lets an app open its sockets in quick succession; the figure is ours
)

// Posts in one channel: one a second; Slack tolerates short bursts without a figure, this one is ours.
const (
	postEvery = time.Second
	postBurst = 5
)

// A slackMethod is one method of the Web API.
type slackMethod struct {
	scope     string // of the bot token; "*:history" is the one for the channel's type; empty needs none
	perMinute int
	do        func(*Slack, slackArgs) (answer, error)
}

// slackMethods is the Web API as far as the stand-in has it: scope, tier and function of each method.
// Tiers: github.com/slackapi/java-slack-sdk metadata/web-api/rate_limit_tiers.json.
func slackMethods() map[string]slackMethod {
	return map[string]slackMethod{
		"apps.connections.open": {"", tier1, (*Slack).appsConnectionsOpen},
		"auth.teams.list":       {"", tier2, (*Slack).authTeamsList},
		"auth.test":             {"", noTier, (*Slack).authTest},
		"bots.info":             {"users:read", tier3, (*Slack).botsInfo},
		"chat.delete":           {"chat:write", tier3, (*Slack).chatDelete},
		"chat.getPermalink":     {"", noTier, (*Slack).chatGetPermalink},
		"chat.postEphemeral":    {"chat:write", tier4, (*Slack).chatPostEphemeral},
		"chat.postMessage":      {"chat:write", posting, (*Slack).chatPostMessage},
		"chat.update":           {"chat:write", tier3, (*Slack).chatUpdate},
		"conversations.history": {"*:history", tier3, (*Slack).conversationsHistory},
		"conversations.info":    {"*:read", tier3, (*Slack).conversationsInfo},
		"conversations.join":    {"channels:join", tier3, (*Slack).conversationsJoin},
		"conversations.list":    {"", tier2, (*Slack).conversationsList},
		"conversations.members": {"*:read", tier4, (*Slack).conversationsMembers},
		"conversations.open":    {"im:write", tier3, (*Slack).conversationsOpen},
		"conversations.replies": {"*:history", tier3, (*Slack).conversationsReplies},
		"files.info":            {"files:read", tier4, (*Slack).filesInfo},
		"reactions.add":         {"reactions:write", tier3, (*Slack).reactionsAdd},
		"reactions.remove":      {"reactions:write", tier2, (*Slack).reactionsRemove},
		"usergroups.list":       {"usergroups:read", tier2, (*Slack).usergroupsList},
		"usergroups.users.list": {"usergroups:read", tier2, (*Slack).usergroupsUsersList},
		"users.conversations":   {"", tier2, (*Slack).usersConversations},
		"users.info":            {"users:read", tier4, (*Slack).usersInfo},
		"users.list":            {"users:read", tier2, (*Slack).usersList},
		"users.lookupByEmail":   {"users:read.email", tier3, (*Slack).usersLookupByEmail},
		"views.open":            {"", tier4, (*Slack).viewsOpen},
		"views.push":            {"", tier4, (*Slack).viewsPush},
		"views.update":          {"", tier4, (*Slack).viewsUpdate},
	}
}

// allScopes is what an app gets that asks for all that the stand-in knows.
func allScopes() map[string]bool {
	all := map[string]bool{"reactions:read": true, "app_mentions:read": true, "commands": true}
	for _, m := range slackMethods() {
		if kind, any := strings.CutPrefix(m.scope, "*:"); any {
			for _, k := range channelKinds {
				all[k.scopes+":"+kind] = true
			}
		} else if m.scope != "" {
			all[m.scope] = true
		}
	}
	return all
}

// slackArgs are the arguments of a call. Those that are JSON, such as blocks, are kept as JSON.
type slackArgs map[string]string

func (a slackArgs) on(name string) bool { return a[name] == "true" || a[name] == "1" }

// An answer is the body of an answer, without "ok".
type answer map[string]any

// An apiError is an answer with "ok": false.
type apiError struct {
	code  string
	more  answer
	retry time.Duration // of ratelimited
}

func (e *apiError) Error() string { return e.code }

func refuse(code string) error { return &apiError{code: code} }

func missingScope(needed, provided string) error {
	return &apiError{code: "missing_scope", more: answer{"needed": needed, "provided": provided}}
}

func (s *Slack) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	s.Faults.serve(s.clock, name, w, r, func(w http.ResponseWriter, r *http.Request) { s.serveCall(name, w, r) })
}

// serveCall carries out one call and answers it.
func (s *Slack) serveCall(name string, w http.ResponseWriter, r *http.Request) {
	args, warning, err := readArgs(r)
	s.mu.Lock()
	var result answer
	if err == nil {
		result, err = s.call(name, bearer(r), args)
	}
	status, body := http.StatusOK, answer{"ok": true}
	if err != nil {
		status, body = failedAnswer(w.Header(), err)
	}
	for k, v := range result {
		body[k] = v
	}
	if warning != "" {
		warn(body, warning)
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic("sandbox: answer of " + name + ": " + err.Error())
	}
	delete(args, "token")
	s.remember(Call{Method: name, Args: args, Status: status, Answer: text, At: s.clock.Now()})
	posted := s.posted
	s.posted = nil
	w.Header().Set("X-OAuth-Scopes", s.scopeList())
	s.mu.Unlock()

	if s.OnPost != nil {
		for _, m := range posted {
			s.OnPost(m)
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Date", s.clock.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func (s *Slack) remember(c Call) {
	if !s.options.Forget {
		s.calls = append(s.calls, c)
	}
}

func failedAnswer(header http.Header, err error) (status int, body answer) {
	var e *apiError
	if !errors.As(err, &e) {
		panic("sandbox: not an error of Slack: " + err.Error())
	}
	body = answer{"ok": false, "error": e.code}
	for k, v := range e.more {
		body[k] = v
	}
	if e.retry > 0 {
		header.Set("Retry-After", retryAfter(e.retry))
		return http.StatusTooManyRequests, body
	}
	return http.StatusOK, body
}

func warn(body answer, warning string) {
	body["warning"] = warning
	metadata, ok := body["response_metadata"].(answer)
	if !ok {
		metadata = answer{}
		body["response_metadata"] = metadata
	}
	metadata["warnings"] = []string{warning}
}

// call checks the token, the limits and the scope, in this order, and carries out the method.
func (s *Slack) call(name, header string, args slackArgs) (answer, error) {
	m, ok := s.methods[name]
	if !ok {
		return nil, &apiError{code: "unknown_method", more: answer{"req_method": name}}
	}
	if err := s.authorize(name, header, args["token"]); err != nil {
		return nil, err
	}
	if m.perMinute > 0 {
		burst := m.perMinute
		if m.perMinute == tier1 {
			burst = tier1Rush
		}
		if err := s.limit(name, time.Minute/time.Duration(m.perMinute), burst); err != nil {
			return nil, err
		}
	}
	if err := s.checkScope(m.scope, args["channel"]); err != nil {
		return nil, err
	}
	return m.do(s, args)
}

// authorize checks the token. apps.connections.open takes the app's token, in the header only; all other
// methods take the bot's, there or as an argument.
func (s *Slack) authorize(method, header, argument string) error {
	token, right, wrong := header, s.BotToken(), s.AppToken()
	if method == "apps.connections.open" {
		right, wrong = wrong, right
	} else if token == "" {
		token = argument
	}
	switch {
	case token == "":
		return refuse("not_authed")
	case token == wrong:
		return refuse("not_allowed_token_type")
	case token != right:
		return refuse("invalid_auth")
	case s.revoked:
		return refuse("token_revoked")
	}
	return nil
}

// checkScope checks a scope of the table of methods. "*:history" and the like depend on the channel's type.
func (s *Slack) checkScope(scope, channel string) error {
	kind, byChannel := strings.CutPrefix(scope, "*:")
	if !byChannel {
		if scope != "" && !s.scopes[scope] {
			return missingScope(scope, s.scopeList())
		}
		return nil
	}
	c := s.channels[channel]
	if c == nil {
		c = &Channel{}
	}
	return s.checkScope(c.kind().scopes+":"+kind, "")
}

// limit refuses a call that comes before its bucket, named lane, has room again.
func (s *Slack) limit(lane string, every time.Duration, burst int) error {
	if s.options.Unlimited {
		return nil
	}
	l := s.limiters[lane]
	if l == nil {
		l = rate.NewLimiter(rate.Every(every), burst)
		s.limiters[lane] = l
	}
	now := s.clock.Now()
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return &apiError{code: "ratelimited", retry: wait}
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// maxArgs is the size of a body that the stand-in reads, in bytes.
const maxArgs = 4 << 20

// readArgs reads the arguments of a call, be they a query, a form or JSON.
func readArgs(r *http.Request) (args slackArgs, warning string, err error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxArgs)
	media, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media == "application/json" {
		if params["charset"] == "" {
			warning = "missing_charset"
		}
		args, err = jsonArgs(r.Body)
		return args, warning, err
	}
	if media == "multipart/form-data" {
		err = r.ParseMultipartForm(maxArgs)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return nil, "", refuse("invalid_form_data")
	}
	args = slackArgs{}
	for k := range r.Form {
		args[k] = r.Form.Get(k)
	}
	return args, "", nil
}

// jsonArgs reads a JSON object. A token in it does not count: Slack takes it from the header only.
func jsonArgs(body io.Reader) (slackArgs, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, refuse("request_timeout")
	}
	args := slackArgs{}
	if len(text) == 0 {
		return args, nil
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, refuse("invalid_json")
	}
	for k, v := range values {
		args[k] = argument(v)
	}
	delete(args, "token")
	return args, nil
}

// argument is a JSON value as a form would have it: strings plain, the rest as JSON.
func argument(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return text
	}
	return string(v)
}
