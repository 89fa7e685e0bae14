package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"supportbot/integrations/sandbox"
)

func TestAGroupMessageIsOpenedAndListedForThoseInIt(t *testing.T) {
	p := aPage(t)
	p.Slack.AddPerson(sandbox.Person{ID: "UBEN", Name: "ben", DisplayName: "Ben"})
	got := ask(p, aForm("/open", "with", "UAYA", "with", "UBEN", "with", p.Slack.BotUserID()))
	to := got.Header().Get("Location")
	if got.Code != http.StatusNoContent || !strings.HasPrefix(to, "/?as=UALICE&in=C") {
		t.Fatalf("%d, to %q: %s", got.Code, to, got.Body)
	}
	see := func(address string) (int, string) {
		w := ask(p, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8000"+address, nil))
		return w.Code, w.Body.String()
	}
	if code, page := see(to); code != http.StatusOK || !strings.Contains(page, "Support Bot, 田中, Ben") {
		t.Errorf("%d: %s", code, page)
	}
	group := strings.TrimPrefix(to, "/?as=UALICE&in=")
	p.Slack.AddPerson(sandbox.Person{ID: "UEVE", Name: "eve"})
	if code, _ := see("/?as=UEVE&in=" + group); code != http.StatusNotFound {
		t.Errorf("Eve, who is not in it: %d", code)
	}
	if code, page := see("/?as=UEVE&near=" + group); code != http.StatusOK || !strings.Contains(page, "<h1>Support Bot</h1>") {
		t.Errorf("Eve, who is nowhere but with the bot: %d: %s", code, page)
	}
	if _, page := see("/?as=UBEN&near=" + group); !strings.Contains(page, `aria-current="page"`) {
		t.Error("Ben is not brought to it")
	}
}
