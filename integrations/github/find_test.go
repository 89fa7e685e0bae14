package github

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"supportbot/integrations"
)

func listed(number int, id int64, login, body, more string) string {
	return fmt.Sprintf(`{"number":%d,"id":%d,"html_url":"u","user":{"login":%q,"id":%d},"body":%q%s}`, number, number, login, id, body, more)
}

func TestIssueIsFoundByItsMarker(t *testing.T) {
	ours := listed(5, 7, "bot", "It fails.\n\n"+issueMarker, "")
	tests := []struct {
		name  string
		pages []string // answered in turn
		found bool
	}{
		{"our issue with the marker", []string{ours}, true},
		{"no issue", []string{""}, false},
		{"a list that lags behind the write, then another look", []string{"", ours}, true},
		{"our issue after somebody wrote below the marker", []string{listed(5, 7, "bot", issueMarker+"\r\nEdited.", "")}, true},
		{"a marker forged by somebody else", []string{listed(5, 8, "mallory", issueMarker, "")}, false},
		{"a marker forged by somebody who took our old name", []string{listed(5, 8, "bot", issueMarker, "")}, false},
		{"a marker within a line", []string{listed(5, 7, "bot", "He wrote "+issueMarker, "")}, false},
		{"the marker of another thread", []string{listed(5, 7, "bot", strings.Replace(issueMarker, "/C1/", "/C2/", 1), "")}, false},
		{"a marker whose thread only begins like ours", []string{listed(5, 7, "bot", strings.Replace(issueMarker, " -->", "0 -->", 1), "")}, false},
		{"a marker that does not end", []string{listed(5, 7, "bot", strings.TrimSuffix(issueMarker, " -->"), "")}, false},
		{"a pull request", []string{listed(5, 7, "bot", issueMarker, `,"pull_request":{"url":"u"}`)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			f, c := newFake(t, map[string]http.HandlerFunc{"GET /repos/acme/support/issues": func(w http.ResponseWriter, r *http.Request) {
				says("["+tt.pages[min(n, len(tt.pages)-1)]+"]")(w, r)
				n++
			}})
			find := kind(t, c, "github.create_issue").Find
			result, found, err := find(t.Context(), call(t, aCreate))
			if !found && err == nil {
				result, found, err = find(t.Context(), call(t, aCreate)) // the machine looks twice
			}
			if err != nil || found != tt.found {
				t.Fatalf("found is %v, want %v: %v", found, tt.found, err)
			}
			if found && string(result) != `{"number":5,"url":"u","labels":[]}` {
				t.Errorf("result is %s", result)
			}
			q := f.called()[1].Query
			if q.Get("creator") != "bot" || q.Get("state") != "all" || q.Get("since") != "2026-11-23T11:55:00Z" {
				t.Errorf("looked with %v", q)
			}
		})
	}
}

// After a restore from a backup the thread has another ticket than the one that opened its issue.
func TestInvariant2_AnIssueOfAForgottenTicketIsFoundByItsThread(t *testing.T) {
	comments := []string{
		listed(9, 7, "bot", "And again.\n\n"+strings.Replace(commentMarker, "01J", "01H", 1), ""),
		listed(10, 7, "bot", "Without a marker.", ""),
		listed(11, 8, "mallory", strings.Replace(commentMarker, "000200", "000300", 1), ""),
		listed(12, 7, "bot", "The same, by a mistake of ours.\n\n"+commentMarker, ""),
	}
	f, c := newFake(t, map[string]http.HandlerFunc{
		"GET /repos/acme/support/issues":            says("[" + listed(5, 7, "bot", strings.Replace(issueMarker, "01J", "01H", 1), `,"created_at":"2026-11-22T08:00:00Z"`) + "]"),
		"GET /repos/acme/support/issues/5/comments": says("[" + strings.Join(comments, ",") + "]"),
	})
	result, found, err := kind(t, c, "github.create_issue").Find(t.Context(), call(t, aCreate))
	if asked := f.called()[2].Query; asked.Has("since") {
		t.Errorf("not all comments were asked for: %v", asked)
	}
	if want := `{"number":5,"url":"u","labels":[],"ticket":"01H","opened":"2026-11-22T08:00:00Z","comments":{"1764000001.000200":9}}`; err != nil || !found || string(result) != want {
		t.Errorf("found is %v, %s, %v; want %s", found, result, err, want)
	}
}

func TestLookUpsCountInALaneOfTheirOwn(t *testing.T) {
	_, c := newFake(t, nil)
	for _, name := range []string{"github.create_issue", "github.create_comment"} {
		looking := call(t, aCreate)
		looking.Looking = true
		if got := kind(t, c, name).Lane(looking); got != laneLook {
			t.Errorf("a look-up of %s counts as %q", name, got)
		}
	}
}

func TestCommentIsFoundByItsMarker(t *testing.T) {
	tests := []struct {
		name  string
		body  string
		id    int64
		found bool
	}{
		{"our comment", "And again.\n\n" + commentMarker, 7, true},
		{"a marker forged by somebody else", commentMarker, 8, false},
		{"our comment, of a ticket that was forgotten", strings.Replace(commentMarker, "01J", "01H", 1), 7, true},
		{"the marker of another message", strings.Replace(commentMarker, "000200", "000300", 1), 7, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{
				"GET /repos/acme/support/issues/5/comments": says("[" + listed(9, tt.id, "bot", tt.body, "") + "]"),
			})
			result, found, err := kind(t, c, "github.create_comment").Find(t.Context(), call(t, aComment))
			if err != nil || found != tt.found {
				t.Fatalf("found is %v, want %v: %v", found, tt.found, err)
			}
			if found && string(result) != `{"id":9,"url":"u","found":true}` {
				t.Errorf("result is %s", result)
			}
			if got := f.called()[1].Query.Get("since"); got != "2026-11-23T11:55:00Z" {
				t.Errorf("looked since %s", got)
			}
		})
	}
}

func TestLookUpsReadAllPages(t *testing.T) {
	pages := func(second string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("page") == "2" {
				says("["+second+"]")(w, r)
				return
			}
			status(200, "["+listed(4, 7, "bot", "another", "")+"]", "Link", `<http://x/?page=2>; rel="next"`)(w, r)
		}
	}
	_, c := newFake(t, map[string]http.HandlerFunc{
		"GET /repos/acme/support/issues":            pages(listed(5, 7, "bot", issueMarker, "")),
		"GET /repos/acme/support/issues/5/comments": pages(listed(9, 7, "bot", commentMarker, "")),
	})
	for name, payload := range map[string]any{"github.create_issue": aCreate, "github.create_comment": aComment} {
		if _, found, err := kind(t, c, name).Find(t.Context(), call(t, payload)); !found || err != nil {
			t.Errorf("%s on the second page: found is %v, %v", name, found, err)
		}
	}
}

func TestALookUpThatFailsIsNoAnswer(t *testing.T) {
	_, c := newFake(t, map[string]http.HandlerFunc{"GET /repos/acme/support/issues": status(502, "")})
	_, found, err := kind(t, c, "github.create_issue").Find(t.Context(), call(t, aCreate))
	if found || integrations.AsError(err).Failure != integrations.Unknown {
		t.Errorf("found is %v, error %v", found, err)
	}
}
