package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"supportbot/integrations/sandbox"
)

// aPage is the page of a small company: Alice and Aya, who writes Japanese, in #help, and a bot that is there too.
func aPage(t *testing.T) *Page {
	t.Helper()
	clock := sandbox.RealClock()
	s := sandbox.NewSlack(sandbox.SlackOptions{Clock: clock})
	t.Cleanup(s.Close)
	g := sandbox.NewGitHub(sandbox.GitHubOptions{Clock: clock})
	t.Cleanup(g.Close)
	s.AddPerson(sandbox.Person{ID: "UALICE", Name: "alice", DisplayName: "Alice"})
	s.AddPerson(sandbox.Person{ID: "UAYA", Name: "aya", DisplayName: "田中", Locale: "ja-JP"})
	s.AddChannel(sandbox.Channel{ID: "CHELP", Name: "help", Members: []string{"UALICE", "UAYA", s.BotUserID()}})
	s.AddChannel(sandbox.Channel{ID: "CSECRET", Name: "secret", Private: true, Members: []string{"UAYA"}})
	p, err := New(Options{
		Slack: s, GitHub: g, Clock: clock, World: World{Company: "Acme", Person: "UALICE", Channel: "CHELP"},
		Commands:  []Command{{Name: "/load", Usage: "TABLE", Description: "Load a table"}},
		Shortcuts: []Shortcut{{Name: "Make a ticket", Type: "message", CallbackID: "make"}, {Name: "Start", Type: "global", CallbackID: "start"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(p *Page, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func aForm(path string, kv ...string) *http.Request {
	q := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		q.Add(kv[i], kv[i+1])
	}
	for name, usual := range map[string]string{"as": "UALICE", "in": "CHELP"} {
		if !q.Has(name) {
			q.Set(name, usual)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8000"+path, strings.NewReader(q.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/plain")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func TestOtherHostsAndOtherSitesAreRefused(t *testing.T) {
	p := aPage(t)
	for name, tt := range map[string]struct {
		method, host string
		header       map[string]string
		want         int
	}{
		"this machine by its address":            {"GET", "127.0.0.1:8000", nil, 200},
		"this machine by its name":               {"GET", "localhost:8000", nil, 200},
		"this machine by IPv6":                   {"GET", "[::1]:8000", nil, 200},
		"a name that somebody else answers":      {"GET", "rebind.example:8000", nil, 421},
		"a name that begins as this machine":     {"GET", "127.0.0.1.example:8000", nil, 421},
		"no name":                                {"GET", "", nil, 421},
		"a script of another site":               {"GET", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403},
		"a link from another site":               {"GET", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200},
		"another origin":                         {"GET", "127.0.0.1:8000", map[string]string{"Origin": "http://evil.example"}, 403},
		"another port":                           {"GET", "127.0.0.1:8000", map[string]string{"Origin": "http://127.0.0.1:9000"}, 403},
		"a form of another site":                 {"POST", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, 403},
		"a form of another port":                 {"POST", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9000"}, 403},
		"a form from a page without an origin":   {"POST", "127.0.0.1:8000", map[string]string{"Origin": "null"}, 403},
		"a form that doesn't say where it is of": {"POST", "127.0.0.1:8000", nil, 403},
		"a form of the page itself":              {"POST", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"}, 422},
		"another method":                         {"PUT", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "same-origin"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/"
			if tt.method == http.MethodPost {
				path = "/post"
			}
			r := httptest.NewRequest(tt.method, "http://127.0.0.1:8000"+path, nil)
			r.Host = tt.host
			for k, v := range tt.header {
				r.Header.Set(k, v)
			}
			if got := ask(p, r); got.Code != tt.want {
				t.Errorf("%d, want %d: %s", got.Code, tt.want, got.Body)
			}
		})
	}
}

func TestEachFormIsTakenFromThePageItselfOnly(t *testing.T) {
	p := aPage(t)
	paths := append(slices.Collect(maps.Keys(p.acts())), "/suggest")
	for _, path := range paths {
		for name, tt := range map[string]struct {
			as     string
			change func(r *http.Request)
			want   int
		}{
			"a form of another site":      {"UALICE", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			"a form of another port":      {"UALICE", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:9000") }, 403},
			"a name that others answer":   {"UALICE", func(r *http.Request) { r.Host = "rebind.example:8000" }, 421},
			"an address that leads there": {"UALICE", func(r *http.Request) { r.Method = http.MethodGet }, 405},
			"a form of nobody":            {"NOBODY", func(*http.Request) {}, 422},
		} {
			r := aForm(path, "as", tt.as)
			tt.change(r)
			if got := ask(p, r); got.Code != tt.want {
				t.Errorf("%s, %s: %d, want %d: %s", path, name, got.Code, tt.want, got.Body)
			}
		}
	}
	if len(p.Slack.Envelopes()) != 0 || len(p.GitHub.Issues()) != 0 || len(p.Slack.History("CHELP")) != 0 {
		t.Error("something was done all the same")
	}
}

func TestThePageLoadsNothingFromElsewhereAndHasNoScriptInIt(t *testing.T) {
	w := ask(aPage(t), httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8000/", nil))
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	page := w.Body.String()
	if found := regexp.MustCompile(`(src|href|action)="(https?:)?//`).FindString(page); found != "" {
		t.Errorf("loads %s", found)
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style|style="|\son[a-z]+="`).MatchString(page) || strings.Contains(page, "ZgotmplZ") {
		t.Error("script or style in the page")
	}
}

func TestWhatPeopleWriteIsText(t *testing.T) {
	p := aPage(t)
	hostile := `<script>alert(1)</script><img src=x onerror=alert(1)> "'&`
	p.Slack.Post(sandbox.Post{Channel: "CHELP", User: "UALICE", Text: hostile})
	p.Slack.Post(sandbox.Post{Channel: "CHELP", BotID: "B1", Username: hostile, Text: hostile + " <javascript:alert(1)|click> <https://x.example/?\"onload=1|label>"})
	p.Slack.AddPerson(sandbox.Person{ID: "UEVE", Name: "eve", DisplayName: hostile})
	n := p.GitHub.OpenIssueAs("eve", hostile, hostile+"\n\n[x](javascript:alert(1)) <b onclick=alert(1)>b</b>\n\n<iframe src=x></iframe>\n\n<details><summary>ok</summary>in</details>\n\n![p](https://x.example/p.png)", hostile)
	for _, path := range []string{"/", fmt.Sprintf("/github?issue=%d", n), "/inside"} {
		page := ask(p, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8000"+path, nil)).Body.String()
		for _, bad := range []string{"<script>alert", "<img src=x", `href="javascript:`, "<b onclick", "<iframe", `src="https://`, `"onload`} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
	}
	page := ask(p, httptest.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:8000/github?issue=%d", n), nil)).Body.String()
	if !strings.Contains(page, "<details><summary>ok</summary>") {
		t.Error("Markdown is not shown as GitHub shows it")
	}
}

func TestPeopleSeeOnlyTheirChannels(t *testing.T) {
	p := aPage(t)
	for path, want := range map[string]int{
		"/?as=UALICE&in=CSECRET": 404, "/?as=UAYA&in=CSECRET": 200, "/?as=NOBODY": 404, "/?as=" + p.Slack.BotUserID(): 404, "/?in=bot": 200,
		"/github?issue=99": 200, "/?in=CHELP&thread=1.2": 200,
	} {
		if got := ask(p, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8000"+path, nil)); got.Code != want {
			t.Errorf("%s: %d, want %d", path, got.Code, want)
		}
	}
	if got := ask(p, aForm("/post", "in", "CSECRET", "text", "hello")); got.Code != http.StatusUnprocessableEntity {
		t.Errorf("said in a channel of others: %d", got.Code)
	}
}

func TestWhoIsNotInTheFirstChannelBeginsWithTheBot(t *testing.T) {
	p := aPage(t)
	p.World.Channel = "CSECRET"
	if got := ask(p, aVisit("/")); got.Code != 200 || !strings.Contains(got.Body.String(), "<h1>Support Bot</h1>") {
		t.Errorf("%d: %s", got.Code, got.Body)
	}
}

func aVisit(path string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8000"+path, nil)
}

func TestTheLanguageOfThePageIsAChoiceOfItsOwn(t *testing.T) {
	p := aPage(t)
	p.World.Guide = []Step{{As: "UALICE", In: "CHELP", Say: Text{EN: "help", JA: "助けて"}}, {As: "UAYA", In: "CHELP", Tab: "inside"}}
	for path, lang := range map[string]string{
		"/": "en", "/?as=UAYA": "en", "/?as=UAYA&lang=ja": "ja", "/?as=UALICE&lang=ja": "ja", "/github?lang=ja": "ja", "/inside?lang=ja&as=UALICE": "ja", "/?lang=tlh": "en",
	} {
		if got := ask(p, aVisit(path)).Body.String(); !strings.Contains(got, `<html lang="`+lang+`">`) {
			t.Errorf("%s is not in %s", path, lang)
		}
	}
	p.World.Person = "UAYA"
	if got := ask(p, aVisit("/?as=UALICE")).Body.String(); !strings.Contains(got, `<html lang="ja">`) || !strings.Contains(got, "助けて") {
		t.Errorf("a page that begins with Aya is not in Japanese: %s", got)
	}
}

func TestNothingOnThePageChangesItsLanguageButTheSwitch(t *testing.T) {
	p := aPage(t)
	p.World.Guide = []Step{{As: "UALICE", In: "CHELP", Say: Text{EN: "help", JA: "助けて"}}, {As: "UAYA", In: "CHELP", Tab: "inside"}}
	ts := p.Slack.Post(sandbox.Post{Channel: "CHELP", User: "UALICE", Text: "it fails"})
	p.Slack.Post(sandbox.Post{Channel: "CHELP", User: "UAYA", Text: "since when? #help", ThreadTS: ts})
	p.GitHub.OpenIssueAs("aya", "it fails", "")
	for _, path := range []string{"/?lang=ja&in=CHELP&thread=" + ts, "/github?lang=ja&issue=1", "/inside?lang=ja"} {
		page := ask(p, aVisit(path)).Body.String()
		links := regexp.MustCompile(`(?:href|data-live)="(/(?:github|inside|live)?\?[^"]*)"`).FindAllStringSubmatch(page, -1)
		others := slices.DeleteFunc(links, func(link []string) bool { return strings.Contains(link[1], "lang=ja") })
		if len(links) < 4 || len(others) != 1 || !strings.Contains(page, `class="tongue" href="`+others[0][1]) {
			t.Errorf("%s has %d links, and these to another language: %v", path, len(links), others)
		}
		forms, kept := strings.Count(page, "<form"), strings.Count(page, `name="lang" value="ja"`)
		if forms < 2 || forms != kept {
			t.Errorf("%s has %d forms, of which %d keep the language", path, forms, kept)
		}
	}
	if got := ask(p, aForm("/post", "lang", "ja", "text", "")); !strings.Contains(got.Body.String(), "入力してください") {
		t.Errorf("says %q", got.Body)
	}
	if got := ask(p, aForm("/open", "lang", "ja", "with", p.Slack.BotUserID())); !strings.Contains(got.Header().Get("Location"), "lang=ja") {
		t.Errorf("leads to %s", got.Header().Get("Location"))
	}
}

func TestOnlyOnesOwnMessagesAreChanged(t *testing.T) {
	p := aPage(t)
	mine := p.Slack.Post(sandbox.Post{Channel: "CHELP", User: "UALICE", Text: "mine"})
	hers := p.Slack.Post(sandbox.Post{Channel: "CHELP", User: "UAYA", Text: "hers"})
	comment := p.GitHub.CommentAs("aya", p.GitHub.OpenIssueAs("aya", "it fails", ""), "why?")
	p.GitHub.OpenIssueAs("aya", "another", "")
	for name, tt := range map[string]struct {
		r    *http.Request
		want int
	}{
		"an edit of one's own":       {aForm("/edit", "ts", mine, "text", "changed"), 204},
		"an edit of somebody else's": {aForm("/edit", "ts", hers, "text", "changed"), 422},
		"an edit to nothing":         {aForm("/edit", "ts", mine, "text", " "), 422},
		"a deletion of another's":    {aForm("/delete", "ts", hers), 422},
		"a message that is none":     {aForm("/delete", "ts", "1.2"), 422},
		"a reaction":                 {aForm("/react", "ts", hers, "emoji", "eyes"), 204},
		"an emoji that is none":      {aForm("/react", "ts", hers, "emoji", "nonsense"), 422},
		"a reply in no thread":       {aForm("/post", "thread", "1.2", "text", "x"), 422},
		"a button that is none":      {aForm("/press", "ts", hers, "use", "v:b:a"), 422},
		"a select that is none":      {aForm("/suggest", "ts", hers, "use", "v:b:a"), 422},
		"options of no modal":        {aForm("/suggest", "view", "V1", "use", "v:b:a"), 422},
		"a shortcut that is none":    {aForm("/shortcut", "ts", hers, "callback", "nothing"), 422},
		"a shortcut of no message":   {aForm("/shortcut", "ts", "1.2", "callback", "make"), 422},
		"a global one on a message":  {aForm("/shortcut", "ts", hers, "callback", "start"), 422},
		"a command in a thread":      {aForm("/post", "thread", hers, "text", "/load it"), 422},
		"a group of nobody":          {aForm("/open", "with", "NOBODY"), 422},
		"a group with oneself":       {aForm("/open", "with", "UALICE"), 422},
		"a group of two":             {aForm("/open", "with", "UAYA"), 422},
		"direct messages of the bot": {aForm("/open", "with", p.Slack.BotUserID()), 204},
		"a comment that is none":     {aForm("/github/rewrite", "issue", "1", "comment", "7", "text", "x"), 422},
		"a comment to nothing":       {aForm("/github/rewrite", "issue", "1", "comment", strconv.FormatInt(comment, 10), "text", " "), 422},
		"a comment elsewhere":        {aForm("/github/delete", "issue", "2", "comment", strconv.FormatInt(comment, 10)), 422},
		"another's comment":          {aForm("/github/rewrite", "issue", "1", "comment", strconv.FormatInt(comment, 10), "text", "changed"), 204},
		"a modal that is none":       {aForm("/submit", "view", "V1"), 422},
		"a command that is none":     {aForm("/post", "text", "/nothing at all"), 422},
		"an issue that is none":      {aForm("/github/comment", "issue", "7", "text", "x"), 422},
		"a leap that is none":        {aForm("/clock", "op", "year"), 422},
		"a fault that is none":       {aForm("/fault", "service", "github", "fault", "x"), 422},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(p, tt.r); got.Code != tt.want {
				t.Errorf("%d, want %d: %s", got.Code, tt.want, got.Body)
			}
		})
	}
	if m, _ := p.Slack.Message("CHELP", mine); m.Text != "changed" {
		t.Errorf("mine is %q", m.Text)
	}
	if got := p.GitHub.Issue(1).Comments[0].Body; got != "changed" {
		t.Errorf("the comment is %q", got)
	}
}

func TestBlocksAreShownAsSlackShowsThem(t *testing.T) {
	p := aPage(t)
	at, err := p.place("slack", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ block, want string }{
		"a section with mrkdwn":     {`{"type":"section","text":{"type":"mrkdwn","text":"*b* <@UAYA> <https://e.example|e> &lt;x&gt;"}}`, `<strong>b</strong> <span class="mention">@田中</span> <a href="https://e.example" target="_blank" rel="noopener noreferrer">e</a> &lt;x&gt;`},
		"plain text is plain":       {`{"type":"section","text":{"type":"plain_text","text":"*b* :eyes:"}}`, `*b* 👀`},
		"fields":                    {`{"type":"section","fields":[{"type":"mrkdwn","text":"_a_"}]}`, `<div class="fields"><div class="mrkdwn"><em>a</em></div></div>`},
		"a header":                  {`{"type":"header","text":{"type":"plain_text","text":"H"}}`, `<h3 class="header">H</h3>`},
		"a divider":                 {`{"type":"divider"}`, `<hr>`},
		"a context":                 {`{"type":"context","elements":[{"type":"mrkdwn","text":"c"}]}`, `<span class="mrkdwn">c</span>`},
		"a picture from elsewhere":  {`{"type":"image","image_url":"https://e.example/p.png","alt_text":"a chart"}`, `a chart</span>`},
		"a button with a dialog":    {`{"type":"actions","block_id":"b","elements":[{"type":"button","action_id":"a","style":"danger","text":{"type":"plain_text","text":"Go"},"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"plain_text","text":"Really"},"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}}]}`, `data-title="Sure?" data-ask="Really" data-yes="Yes" data-no="No"`},
		"a select":                  {`{"type":"actions","elements":[{"type":"static_select","action_id":"s","placeholder":{"type":"plain_text","text":"Pick"},"options":[{"text":{"type":"plain_text","text":"One"},"value":"1"}],"initial_option":{"text":{"type":"plain_text","text":"One"},"value":"1"}}]}`, `<option value="1" selected>One</option>`},
		"a date":                    {`{"type":"actions","elements":[{"type":"datepicker","action_id":"d","initial_date":"2026-12-01"}]}`, `<input type="date" name="v::d" value="2026-12-01"`},
		"an input":                  {`{"type":"input","label":{"type":"plain_text","text":"Table"},"optional":true,"element":{"type":"plain_text_input","action_id":"t","multiline":true}}`, `<legend>Table <small>(optional)</small></legend>`},
		"Markdown":                  {`{"type":"markdown","text":"# T\n\n| a |\n|---|\n| **b** |"}`, `<td><strong>b</strong></td>`},
		"a table":                   {`{"type":"table","rows":[[{"type":"raw_text","text":"h"}],[{"type":"raw_text","text":"c"}]],"column_settings":[{"align":"right"}]}`, `<td class="right">c</td>`},
		"rich text":                 {`{"type":"rich_text","elements":[{"type":"rich_text_list","style":"ordered","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x","style":{"bold":true}}]}]}]}`, `<ol class="indent0"><li><strong>x</strong></li></ol>`},
		"a block that is not known": {`{"type":"hologram","depth":3}`, `&#34;type&#34;: &#34;hologram&#34;`},
		"an external select":        {`{"type":"actions","block_id":"b","elements":[{"type":"external_select","action_id":"x","min_query_length":0,"initial_option":{"text":{"type":"plain_text","text":"One"},"value":"1"}}]}`, `<option value="1" selected>One</option>`},
		"a context element unknown": {`{"type":"context","elements":[{"type":"hologram","depth":3}]}`, `&#34;hologram&#34;`},
		"a table's cell unknown":    {`{"type":"table","rows":[[{"type":"raw_number","value":7,"text":"7"}]]}`, `&#34;raw_number&#34;`},
		"rich text not known":       {`{"type":"rich_text","elements":[{"type":"rich_text_poem","lines":["a"]}]}`, `&#34;lines&#34;:[&#34;a&#34;]`},
		"rich text of another form": {`{"type":"rich_text","elements":[{"type":7}]}`, `{&#34;type&#34;:7}`},
		"within rich text":          {`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"smell","of":"rose"}]}]}`, `&#34;rose&#34;`},
		"an element not known":      {`{"type":"actions","elements":[{"type":"slider","max":3}]}`, `&#34;type&#34;: &#34;slider&#34;`},
	} {
		t.Run(name, func(t *testing.T) {
			b := at.block(json.RawMessage(tt.block), container{At: at})
			var out strings.Builder
			if err := p.pages.ExecuteTemplate(&out, "block", b); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("lacks %s:\n%s", tt.want, out.String())
			}
		})
	}
}

func TestMrkdwn(t *testing.T) {
	p := aPage(t)
	at, err := p.place("slack", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"styles":                     {"*b* _i_ ~s~ `c`", "<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>"},
		"marks within words":         {"snake_case_name 2*3*4", "snake_case_name 2*3*4"},
		"marks beside Japanese":      {"これは*重要*です", "これは<strong>重要</strong>です"},
		"code keeps marks":           {"`*x*`", "<code>*x*</code>"},
		"a block of code":            {"```a\n*b*```", "<pre><code>a\n*b*</code></pre>"},
		"a block that never ends":    {"```a", "```a"},
		"a quote":                    {"&gt; q\nr", "<blockquote>q</blockquote>r"},
		"escaped once":               {"&amp;lt; &lt;b&gt;", "&amp;lt; &lt;b&gt;"},
		"a bare bracket":             {"a <b", "a &lt;b"},
		"a link that runs a script":  {"<javascript:alert(1)|x>", "x"},
		"a channel":                  {"<#CHELP|>", `<a class="mention" href="/?as=UALICE&amp;in=CHELP&amp;lang=en">#help</a>`},
		"a link to a message":        {"<https://acme.slack.com/archives/CHELP/p1764000000000100|m>", `<a href="/?as=UALICE&amp;in=CHELP&amp;lang=en&amp;thread=1764000000.000100">m</a>`},
		"an issue of the stand-in":   {"<" + p.GitHub.URL() + "acme/analytics-support/issues/3|#3>", `<a href="/github?as=UALICE&amp;in=CHELP&amp;issue=3&amp;lang=en">#3</a>`},
		"a date in the reader's day": {"<!date^0^{date_num} {time}|then>", "<time>1970-01-01 09:00</time>"},
		"a mention of everybody":     {"<!here>", `<span class="mention">@here</span>`},
		"an emoji":                   {":tada: :nonsense:", "🎉 :nonsense:"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := at.mrkdwn(tt.text); got != template.HTML(tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

var usedWord = regexp.MustCompile(`\.T "([a-z_]+)"|at\.T\("([a-z_]+)"\)`)

func TestEachWordIsThereInBothLanguages(t *testing.T) {
	w, err := readWords(files)
	if err != nil {
		t.Fatal(err)
	}
	for key, text := range w {
		if text.EN == "" || text.JA == "" {
			t.Errorf("%s lacks a language", key)
		}
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range append(names, sources...) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usedWord.FindAllStringSubmatch(string(source), -1) {
			key := m[1] + m[2]
			used[key] = true
			if _, ok := w[key]; !ok {
				t.Errorf("%s uses %q, which is not there", name, key)
			}
		}
	}
	for _, l := range aPage(t).switches.all() {
		used["fault_"+l.ID] = true
		if _, ok := w["fault_"+l.ID]; !ok {
			t.Errorf("the switch %s has no name", l.ID)
		}
	}
	made := regexp.MustCompile(`^(tab|state|closed|leap|kind)_`) // keys that templates put together
	for key := range w {
		if !used[key] && !made.MatchString(key) {
			t.Errorf("nothing uses %s", key)
		}
	}
}
