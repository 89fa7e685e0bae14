package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"supportbot/integrations"
	"supportbot/integrations/sandbox"
)

// readFile posts a file and has its text read.
func readFile(t *testing.T, s *sandbox.Slack, c *Client, f sandbox.File) (FileText, error) {
	t.Helper()
	f.ID = "F1"
	s.Post(sandbox.Post{Channel: "C1", User: "U0ALICE", Files: []sandbox.File{f}})
	result, err := kind(t, c, "slack.read_file").Perform(t.Context(), integrations.Call{Body: body(t, Read{ID: "F1"})})
	var got FileText
	if err == nil {
		err = json.Unmarshal(result, &got)
	}
	return got, err
}

func TestTheTextOfAFile(t *testing.T) {
	key := "-----BEGIN " + "PRIVATE KEY-----\n" + strings.Repeat("MIIEvgIBADANBgkqhkiG9w0BAQEFAASC"+"\n", 12) + "-----END " + "PRIVATE KEY-----\n"
	account := `{"type": "service_account", "private_key_id": "` + strings.Repeat("0a1b2c3d", 5) + `", "private_key": ` + fmt.Sprintf("%q", key) + `}`
	password := "mikan" + "-not-real-99"
	for _, test := range []struct {
		name string
		file sandbox.File
		want FileText
	}{
		{"a log", sandbox.File{Name: "load.log", Content: []byte("it fails\n")}, FileText{Text: "it fails\n"}},
		{"a snippet", sandbox.File{Name: "q.sql", Mode: "snippet", Content: []byte("select 1")}, FileText{Text: "select 1"}},
		{"Japanese", sandbox.File{Name: "a.csv", Content: []byte("列,値\n")}, FileText{Text: "列,値\n"}},
		{"a text from Windows", sandbox.File{Name: "a.txt", Content: []byte("\uFEFFit fails")}, FileText{Text: "it fails"}},
		{"a page of HTML that somebody sends", sandbox.File{Name: "a.html", Content: []byte("<!DOCTYPE html><p>it fails")}, FileText{Text: "<!DOCTYPE html><p>it fails"}},
		{"an empty file", sandbox.File{Name: "a.log"}, FileText{}},
		{"the longest text", sandbox.File{Name: "a.log", Content: []byte(strings.Repeat("x ", MaxText/2))}, FileText{Text: strings.Repeat("x ", MaxText/2)}},
		{"a password", sandbox.File{Name: "a.log", Content: []byte("password: " + password)}, FileText{Text: "password: ⟦withheld: password⟧", Withheld: []string{"password"}}},

		{"a placeholder", sandbox.File{Name: "a.log", Content: []byte("password: ⟦withheld: password⟧ " + password)}, FileText{Text: "password:  ⟦withheld: password⟧", Withheld: []string{"password"}}},

		{"a byte too long", sandbox.File{Name: "a.log", Content: []byte(strings.Repeat("x", MaxText+1))}, FileText{Not: notShort}},
		{"longer than Slack says", sandbox.File{Name: "a.log", Size: 9, Content: []byte(strings.Repeat("x", MaxText+1))}, FileText{Not: notShort}},
		{"an image", sandbox.File{Name: "a.png", Content: []byte("PNG")}, FileText{Not: notText}},
		{"text that isn't UTF-8", sandbox.File{Name: "a.log", Content: []byte("\x83\x8d\x81\x5b\x83\x68")}, FileText{Not: notText}},
		{"bytes that call themselves text", sandbox.File{Name: "a.log", Content: []byte("a\x00b")}, FileText{Not: notText}},
		{"a file elsewhere", sandbox.File{Name: "a.log", Mode: "external", URLPrivate: "https://drive.example/a"}, FileText{Not: notAtSlack}},

		{"a key file by name", sandbox.File{Name: "id_rsa.txt", Content: []byte("x")}, FileText{Key: true, Withheld: []string{"key-file"}}},
		{"a key file by title", sandbox.File{Name: "Untitled.txt", Title: "id_rsa", Content: []byte("x")}, FileText{Key: true, Withheld: []string{"key-file"}}},
		{"a key file by type", sandbox.File{Name: "a", Mimetype: "application/x-pkcs12", Filetype: "text"}, FileText{Key: true, Withheld: []string{"key-file"}}},
		{"a key file by content", sandbox.File{Name: "a.txt", Content: []byte("our key\n" + key)}, FileText{Key: true, Withheld: []string{"private-key"}}},
		{"a service account by content", sandbox.File{Name: "a.txt", Content: []byte(account)}, FileText{Key: true, Withheld: []string{"service-account-key"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, c := onSandbox(t)
			test.want.ID = "F1"
			got, err := readFile(t, s, c, test.file)
			if diff := gocmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(s *sandbox.Slack)
		want   integrations.Failure
		code   string
	}{
		{"without the scope", func(s *sandbox.Slack) { s.SetScopes("chat:write") }, integrations.Rejected, "missing_scope"},
		{"of a private channel", func(s *sandbox.Slack) { s.AddChannel(sandbox.Channel{ID: "C1", Private: true}) }, integrations.Rejected, "file_not_found"},
		{"where Slack has it, for a while", func(s *sandbox.Slack) { s.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "files-pri", Status: 503}) }, integrations.Unknown, "503"},
		{"where Slack has it, too often", func(s *sandbox.Slack) { s.Faults.Add(sandbox.Fault{Kind: sandbox.Limited, On: "files-pri"}) }, integrations.Limited, "429"},
		{"where Slack had it", func(s *sandbox.Slack) { s.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "files-pri", Status: 404}) }, integrations.Rejected, "404"},
		{"with a token that has lost the right", func(s *sandbox.Slack) { s.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "files-pri", Status: 302}) }, integrations.Rejected, "302"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, c := onSandbox(t)
			test.change(s)
			_, err := readFile(t, s, c, sandbox.File{Name: "load.log", Content: []byte("it fails")})
			var failed *integrations.Error
			if !errors.As(err, &failed) || failed.Failure != test.want || failed.Code != test.code {
				t.Errorf("got %v, want %s (%s)", err, test.code, test.want)
			}
		})
	}
}

// Slack's oddity: a page to sign in on is in place of the file, with the status 200.
func TestASignInPageIsNoFile(t *testing.T) {
	for _, name := range []string{"a.log", "a.html"} {
		var f *fakeSlack
		f, c := newFake(t, map[string]http.HandlerFunc{
			"files.info": func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"ok":true,"file":{"id":"F1","name":%q,"mimetype":"text/plain","size":99,"url_private":"%sfile"}}`, name, f.url)
			},
			"file": says("\n<!DOCTYPE html><html><title>Sign in</title></html>"),
		})
		_, err := c.FileText(t.Context(), redactor(t), "F1")
		if integrations.AsError(err).Code != "sign-in page" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The address of a file comes from whoever made it.
func TestTheTokenGoesToNobodyElse(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("asked with %q", r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	host := strings.TrimPrefix(thief.URL, "http://")
	for _, address := range []string{thief.URL + "/a", "//" + host + "/a", "http://files.slack.com@" + host + "/a", "file:///etc/passwd", "", "::"} {
		_, c := newFake(t, map[string]http.HandlerFunc{
			"files.info": says(fmt.Sprintf(`{"ok":true,"file":{"id":"F1","name":"a.log","mimetype":"text/plain","size":9,"url_private":%q}}`, address)),
		})
		_, err := c.FileText(t.Context(), redactor(t), "F1")
		if integrations.AsError(err).Failure != integrations.Rejected {
			t.Errorf("%q: %v", address, err)
		}
		noSecret(t, err)
	}
}

// A redirect may lead anywhere.
func TestAFileElsewhereIsNotFollowed(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed, with %q", r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	var f *fakeSlack
	f, c := newFake(t, map[string]http.HandlerFunc{
		"files.info": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `{"ok":true,"file":{"id":"F1","name":"a.log","mimetype":"text/plain","size":9,"url_private":"%sfile"}}`, f.url)
		},
		"file": status(http.StatusFound, "", "Location", thief.URL),
	})
	if _, err := c.FileText(t.Context(), redactor(t), "F1"); integrations.AsError(err).Failure != integrations.Rejected {
		t.Errorf("got %v", err)
	}
}

func TestSecretsInNamesAreTakenOutWhereTheyAreRead(t *testing.T) {
	const secret = "mikan-not-real-99"
	name := "⟦withheld: text⟧ password: " + secret // a placeholder that somebody typed goes too
	for kindName, answer := range map[string]string{
		"slack.read_person":  `{"ok":true,"user":{"id":"U1","profile":{"display_name":"` + name + `"}}}`,
		"slack.read_channel": `{"ok":true,"channel":{"id":"C1","name":"` + name + `"}}`,
		"slack.read_groups":  `{"ok":true,"usergroups":[{"id":"S1","handle":"` + name + `","name":"` + name + `"}]}`,
	} {
		_, c := newFake(t, map[string]http.HandlerFunc{"users.info": says(answer), "conversations.info": says(answer), "usergroups.list": says(answer)})
		result, err := kind(t, c, kindName).Perform(t.Context(), integrations.Call{Body: body(t, Read{ID: "X1"})})
		if err != nil || strings.Contains(string(result), secret) || !strings.Contains(string(result), "withheld: password") || strings.Contains(string(result), "withheld: text") {
			t.Errorf("%s answers %s, %v", kindName, result, err)
		}
	}
}
