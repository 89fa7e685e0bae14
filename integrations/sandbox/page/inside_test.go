package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
)

func TestACallThatMetAFaultIsToldAsItWas(t *testing.T) {
	for name, tt := range map[string]struct {
		fault sandbox.Fault
		says  string
	}{
		"a server error":       {sandbox.Fault{Kind: sandbox.Fail, Status: 502}, "502"},
		"a limit":              {sandbox.Fault{Kind: sandbox.Limited, Delay: time.Minute}, "429"},
		"a slow answer":        {sandbox.Fault{Kind: sandbox.Hang, Delay: time.Nanosecond}, "slow"},
		"an answer lost":       {sandbox.Fault{Kind: sandbox.LoseAnswer}, "answer lost"},
		"a write that is late": {sandbox.Fault{Kind: sandbox.LandLate, Delay: time.Minute}, "no answer, lands late"},
		"a refused connection": {sandbox.Fault{Kind: sandbox.Refuse}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			p := aPage(t)
			p.Slack.Faults.Add(tt.fault)
			p.GitHub.Faults.Add(tt.fault)
			for _, address := range []string{p.Slack.URL() + "auth.test", p.GitHub.URL() + "user"} {
				if r, err := http.Get(address); err == nil {
					_ = r.Body.Close() // what the client sees is tested beside the stand-ins
				}
			}
			page := ask(p, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8000/inside", nil)).Body.String()
			if n := strings.Count(page, `<span class="result bad">`+tt.says+`</span>`); n != 2 {
				t.Errorf("said %d times, want once of each service:\n%s", n, page)
			}
		})
	}
}
