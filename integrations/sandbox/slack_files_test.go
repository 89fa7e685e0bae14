package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// upload posts a file and returns what Slack says of it.
func upload(t *testing.T, s *Slack, channel string, f File) *slack.File {
	t.Helper()
	f.ID = "F1"
	s.Post(Post{Channel: channel, User: "UALICE", Files: []File{f}})
	info, _, _, err := aClient(s).GetFileInfo("F1", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// get asks for a file without following where it is sent.
func get(t *testing.T, address, token string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestAFileIsServedToWhoMayReadIt(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	info := upload(t, s, "CGENERAL", File{Name: "Load 1.log", Content: []byte("it fails\n")})
	if info.Size != 9 || info.Filetype != "text" || info.Mimetype != "text/plain" || info.Permalink != "https://acme.slack.com/files/UALICE/F1/load_1.log" {
		t.Errorf("files.info says %+v", info)
	}
	var content bytes.Buffer
	if err := aClient(s).GetFile(info.URLPrivate, &content); err != nil || content.String() != "it fails\n" {
		t.Errorf("read %q, %v", &content, err)
	}
}

// Slack's oddity: without the right to read a file there is no error, but a page to sign in on.
func TestWithoutTheRightToReadItAFileIsAPageToSignInOn(t *testing.T) {
	for name, change := range map[string]func(s *Slack) (token string){
		"no token":         func(*Slack) string { return "" },
		"another token":    func(*Slack) string { return "xoxb" + "-other" },
		"the app's token":  func(s *Slack) string { return s.AppToken() },
		"no files:read":    func(s *Slack) string { s.SetScopes("chat:write"); return s.BotToken() },
		"the bot has gone": func(s *Slack) string { s.Revoke(); return s.BotToken() },
		"a deleted file":   func(s *Slack) string { s.DeleteFile("F1"); return s.BotToken() },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := aWorkspace(t, SlackOptions{})
			info := upload(t, s, "CGENERAL", File{Name: "load.log", Content: []byte("it fails\n")})
			res, body := get(t, info.URLPrivate, change(s))
			if res.StatusCode != http.StatusFound || strings.Contains(body, "it fails") {
				t.Fatalf("answer %d: %s", res.StatusCode, body)
			}
			at, err := res.Location()
			if err != nil {
				t.Fatal(err)
			}
			res, body = get(t, at.String(), "")
			if res.StatusCode != http.StatusOK || !strings.HasPrefix(body, "<!DOCTYPE html>") {
				t.Errorf("the page: %d %s", res.StatusCode, body)
			}
		})
	}
}

func TestFilesThatTheBotMayNotSeeAreNotFound(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.Post(Post{Channel: "CSECRET", User: "UALICE", Files: []File{{ID: "FPRIVATE", Name: "a.log"}}})
	s.Post(Post{Channel: "CELSE", User: "UALICE", Files: []File{{ID: "FPUBLIC", Name: "a.log"}}})
	s.Post(Post{Channel: "CELSE", User: "UALICE", Text: "x", Files: []File{{ID: "FGONE", Name: "a.log"}}})
	s.DeleteFile("FGONE")
	for id, want := range map[string]string{"FPRIVATE": "file_not_found", "FPUBLIC": "", "FGONE": "file_deleted", "FNONE": "file_not_found"} {
		_, _, _, err := aClient(s).GetFileInfo(id, 0, 0)
		if got := slackCode(err); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	s.SetScopes("chat:write")
	if _, _, _, err := aClient(s).GetFileInfo("FPUBLIC", 0, 0); slackCode(err) != "missing_scope" {
		t.Errorf("without files:read: %v", err)
	}
}

// Slack's oddities: a deleted file makes no edit, its message keeps its id as that of a tombstone, and a message that
// was nothing but the file goes with it.
func TestADeletedFileLeavesItsMessages(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	with := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "look", Files: []File{{ID: "F1", Name: "a.log"}, {ID: "F2", Name: "b.log"}}})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Files: []File{{ID: "F1", Name: "a.log"}}})
	s.DeleteFile("F1")
	left := s.History("CGENERAL")
	if len(left) != 1 || left[0].TS != with || left[0].Edited != nil {
		t.Fatalf("left %+v", left)
	}
	files := left[0].Files
	if len(files) != 2 || files[0].Mode != "tombstone" || files[0].Name != "" || files[1].Name != "b.log" {
		t.Errorf("files %+v", files)
	}
}

// Slack's oddity: what a snippet holds is partly in its event.
func TestASnippetHasItsFirstLinesInItsEvent(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	info := upload(t, s, "CGENERAL", File{Name: "a.sql", Mode: "snippet", Content: []byte("1\n2\n3\n4\n5\n6\n")})
	if info.Preview != "1\n2\n3\n4\n5" || info.Filetype != "sql" {
		t.Errorf("files.info says %+v", info)
	}
}
