package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAPIVariable names GitHub's own description of its API: generated/api.github.com.json of npm's
// @octokit/openapi.
const openAPIVariable = "SUPPORTBOT_GITHUB_OPENAPI"

// TestAnswersFitGitHubsDescription calls every operation, well and badly, and validates each answer.
func TestAnswersFitGitHubsDescription(t *testing.T) {
	path := os.Getenv(openAPIVariable)
	if path == "" {
		t.Skipf("%s is not set to api.github.com.json of npm's @octokit/openapi, so answers are not validated", openAPIVariable)
	}
	description := loadDescription(t, path)
	seen := map[string]bool{}
	for _, scene := range openAPIScenes {
		t.Run(scene.name, func(t *testing.T) {
			g, _ := startGitHub(t, GitHubOptions{CanPush: true})
			token := g.Token()
			if scene.app {
				token = appToken(t, g)
			}
			comment := fmt.Sprint(populate(g))
			if scene.set != nil {
				scene.set(g)
			}
			for _, c := range scene.calls {
				path := strings.ReplaceAll(c.path, "{comment}", comment)
				call := c.method + " " + path
				authorization := "Bearer " + token
				if c.jwt {
					authorization = "Bearer " + goodJWT(t, g)
				}
				answer, body := answerTo(t, g, c.method, path, c.body, "Authorization", authorization)
				if answer.StatusCode != c.status {
					t.Errorf("%s: %d %.200s, want %d", call, answer.StatusCode, body, c.status)
					continue
				}
				route, _, _ := g.find(answer.Request)
				seen[route.operation] = true
				if err := description.validate(route.pattern, answer.StatusCode, body); err != nil {
					t.Errorf("%s answers %d: %v", call, answer.StatusCode, err)
				}
			}
		})
	}
	for _, route := range githubRoutes {
		if !seen[route.operation] {
			t.Errorf("no answer of %q was validated", route.operation)
		}
	}
}

// populate makes issue 1 with all that an issue can have, a pull request 2 and a deleted issue 3. It returns the id
// of a comment on issue 1.
func populate(g *GitHub) int64 {
	g.OpenIssueAs("alice", "one", "body", "support", "turn:team")
	comment := g.CommentAs("support-bot", 1, "comment")
	g.OpenPullRequestAs("carol", "two", "")
	g.OpenIssueAs("carol", "three", "")
	g.DeleteIssueAs("carol", 3)
	g.EditIssueAs("alice", 1, "one, better", "body")
	g.RelabelAs("carol", 1, []string{"new"}, []string{"support"})
	g.CloseAs("carol", 1, "not_planned")
	g.ReopenAs("carol", 1)
	g.CloseAs("carol", 1, "completed")
	return comment
}

type openAPICall struct {
	method, path, body string // {comment} stands for the comment's id
	status             int
	jwt                bool
}

const inAcme = "repos/acme/analytics-support"

var openAPIScenes = []struct {
	name  string
	app   bool // with an installation token
	set   func(*GitHub)
	calls []openAPICall
}{
	{name: "all goes well", calls: []openAPICall{
		{method: "GET", path: "user", status: 200},
		{method: "GET", path: "app", status: 200, jwt: true},
		{method: "POST", path: fmt.Sprintf("app/installations/%d/access_tokens", githubInstallationID), status: 201, jwt: true},
		{method: "GET", path: "rate_limit", status: 200},
		{method: "GET", path: inAcme, status: 200},
		{method: "GET", path: inAcme + "/installation", status: 200, jwt: true},
		{method: "GET", path: inAcme + "/issues?state=all", status: 200},
		{method: "POST", path: inAcme + "/issues", body: `{"title":"t","body":"b","labels":["support"]}`, status: 201},
		{method: "POST", path: inAcme + "/issues", body: `{"title":"no body"}`, status: 201},
		{method: "GET", path: inAcme + "/issues/1", status: 200},
		{method: "GET", path: inAcme + "/issues/2", status: 200},
		{method: "PATCH", path: inAcme + "/issues/1", body: `{"state":"open"}`, status: 200},
		{method: "PATCH", path: inAcme + "/issues/1", body: `{"state":"closed","state_reason":"duplicate"}`, status: 200},
		{method: "GET", path: inAcme + "/issues/1/comments", status: 200},
		{method: "POST", path: inAcme + "/issues/1/comments", body: `{"body":"b"}`, status: 201},
		{method: "GET", path: inAcme + "/issues/comments", status: 200},
		{method: "GET", path: inAcme + "/issues/comments/{comment}", status: 200},
		{method: "PATCH", path: inAcme + "/issues/comments/{comment}", body: `{"body":"b"}`, status: 200},
		{method: "GET", path: inAcme + "/issues/1/labels", status: 200},
		{method: "POST", path: inAcme + "/issues/1/labels", body: `{"labels":["a"]}`, status: 200},
		{method: "PUT", path: inAcme + "/issues/1/labels", body: `["a","b"]`, status: 200},
		{method: "DELETE", path: inAcme + "/issues/1/labels/a", status: 200},
		{method: "DELETE", path: inAcme + "/issues/1/labels", status: 204},
		{method: "GET", path: inAcme + "/issues/1/labels", status: 200},
		{method: "GET", path: inAcme + "/labels", status: 200},
		{method: "POST", path: inAcme + "/labels", body: `{"name":"made","color":"0e8a16","description":"d"}`, status: 201},
		{method: "GET", path: inAcme + "/labels/made", status: 200},
		{method: "GET", path: inAcme + "/issues/1/events", status: 200},
		{method: "GET", path: inAcme + "/issues/events", status: 200},
		{method: "DELETE", path: inAcme + "/issues/comments/{comment}", status: 204},
	}},
	{name: "the app writes", app: true, calls: []openAPICall{
		{method: "GET", path: inAcme, status: 200},
		{method: "POST", path: inAcme + "/issues", body: `{"title":"t","labels":["support"]}`, status: 201},
		{method: "POST", path: inAcme + "/issues/1/comments", body: `{"body":"b"}`, status: 201},
		{method: "PATCH", path: inAcme + "/issues/1", body: `{"state":"open"}`, status: 200},
		{method: "GET", path: inAcme + "/issues/events", status: 200},
		{method: "GET", path: "user", status: 403},
	}},
	{name: "bad input", calls: []openAPICall{
		{method: "POST", path: inAcme + "/issues", body: `{}`, status: 422},
		{method: "POST", path: inAcme + "/issues", body: `{`, status: 400},
		{method: "POST", path: inAcme + "/issues", body: `{"title":1}`, status: 422},
		{method: "PATCH", path: inAcme + "/issues/1", body: `{"state_reason":"bored"}`, status: 422},
		{method: "POST", path: inAcme + "/issues/1/comments", body: `{}`, status: 422},
		{method: "POST", path: inAcme + "/labels", body: `{"name":"turn:team"}`, status: 422},
		{method: "POST", path: inAcme + "/issues/1/labels", body: `{"labels":[""]}`, status: 422},
		{method: "GET", path: inAcme + "/issues?since=x", status: 422},
		{method: "GET", path: inAcme + "/issues/99", status: 404},
		{method: "GET", path: inAcme + "/issues/3", status: 410},
		{method: "GET", path: "repos/acme/other", status: 404},
	}},
	{name: "a moved repository", set: func(g *GitHub) { g.Rename("moved") }, calls: []openAPICall{
		{method: "GET", path: inAcme, status: 301},
		{method: "GET", path: inAcme + "/issues/1", status: 301},
		{method: "POST", path: inAcme + "/issues", body: `{"title":"t"}`, status: 307},
	}},
	{name: "a revoked token", set: (*GitHub).Revoke, calls: []openAPICall{
		{method: "GET", path: "user", status: 401},
		{method: "GET", path: inAcme + "/issues", status: 401},
	}},
	{name: "an archived repository", set: (*GitHub).Archive, calls: []openAPICall{
		{method: "POST", path: inAcme + "/issues", body: `{"title":"t"}`, status: 403},
	}},
	{name: "a repository without issues", set: (*GitHub).DisableIssues, calls: []openAPICall{
		{method: "POST", path: inAcme + "/issues", body: `{"title":"t"}`, status: 410},
	}},
	{name: "limits", set: func(g *GitHub) { g.HoldContent(1e9) }, calls: []openAPICall{
		{method: "POST", path: inAcme + "/issues", body: `{"title":"t"}`, status: 403},
	}},
}

func goodJWT(t *testing.T, g *GitHub) string {
	t.Helper()
	now := g.appClock.Now().Unix()
	return signJWT(t, g.appKey(), "RS256", map[string]any{"iss": g.AppID(), "iat": now - 30, "exp": now + 90})
}

func appToken(t *testing.T, g *GitHub) string {
	t.Helper()
	path := fmt.Sprintf("app/installations/%d/access_tokens", g.InstallationID())
	_, body := answerTo(t, g, "POST", path, "", "Authorization", "Bearer "+goodJWT(t, g))
	var made wireToken
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		t.Fatal(err)
	}
	return made.Token
}

// An apiDescription is GitHub's OpenAPI 3.0 document, made JSON Schema as far as that differs.
type apiDescription struct {
	document map[string]any
	paths    map[string]string // the document's path by the path without the names of its variables
	compiler *jsonschema.Compiler
}

const descriptionURL = "https://localhost/api.github.com.json"

func loadDescription(t *testing.T, path string) *apiDescription {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	d := &apiDescription{document: parsed.(map[string]any), paths: map[string]string{}, compiler: jsonschema.NewCompiler()}
	nullableToNull(d.document["components"])
	nullableToNull(d.document["paths"])
	for p := range d.document["paths"].(map[string]any) {
		d.paths[nameless(p)] = p
	}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(descriptionURL, d.document); err != nil {
		t.Fatal(err)
	}
	return d
}

var variables = regexp.MustCompile(`\{[^}]*\}`)

func nameless(path string) string { return variables.ReplaceAllString(path, "{}") }

// validate checks an answer by the schema of its operation and status. A status that GitHub doesn't describe
// for the operation must have the form of its plain errors.
func (d *apiDescription) validate(pattern string, status int, body string) error {
	method, path, _ := strings.Cut(pattern, " ")
	full, ok := d.paths[nameless(path)]
	if !ok {
		return fmt.Errorf("GitHub has no path %s", path)
	}
	at := []string{"paths", full, strings.ToLower(method), "responses", fmt.Sprint(status)}
	response := d.at(at)
	if response == nil && status < 300 {
		return fmt.Errorf("GitHub doesn't answer so")
	}
	if r, _ := response["$ref"].(string); r != "" {
		at = strings.Split(strings.TrimPrefix(r, "#/"), "/")
	}
	at = append(at, "content", "application/json", "schema")
	switch {
	case d.at(at) != nil:
	case status == http.StatusNoContent:
		if body != "" {
			return fmt.Errorf("a body %q", body)
		}
		return nil
	default:
		at = []string{"components", "schemas", "basic-error"}
	}
	schema, err := d.compiler.Compile(descriptionURL + "#" + pointer(at))
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (d *apiDescription) at(keys []string) map[string]any {
	here := d.document
	for _, k := range keys {
		here, _ = here[k].(map[string]any)
	}
	return here
}

func pointer(keys []string) string {
	var b strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	for _, k := range keys {
		b.WriteString("/" + escape.Replace(k))
	}
	return b.String()
}

// nullableToNull turns OpenAPI 3.0's nullable into what JSON Schema has for it.
func nullableToNull(node any) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			nullableToNull(item)
		}
	case map[string]any:
		for _, item := range node {
			nullableToNull(item)
		}
		if node["nullable"] == true {
			allowNull(node)
		}
	}
}

func allowNull(schema map[string]any) {
	delete(schema, "nullable")
	if enum, ok := schema["enum"].([]any); ok {
		schema["enum"] = append(enum, nil)
	}
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []any{kind, "null"}
	}
	for _, choice := range []string{"anyOf", "oneOf"} {
		if options, ok := schema[choice].([]any); ok {
			schema[choice] = append(options, map[string]any{"type": "null"})
		}
	}
	if all, ok := schema["allOf"]; ok {
		delete(schema, "allOf")
		schema["anyOf"] = []any{map[string]any{"allOf": all}, map[string]any{"type": "null"}}
	}
}
