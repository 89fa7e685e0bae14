package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"supportbot/integrations/sandbox"
	"supportbot/integrations/sandbox/page"
)

// TestInABrowser walks through the sandbox's page in a real browser, in both of its languages, with the real bot behind
// it, or with an app that does what the bot doesn't do yet. With SUPPORTBOT_SCREENSHOTS=DIR it leaves pictures there of
// what is seen on the way, wide and narrow.
func TestInABrowser(t *testing.T) {
	chromium := findChromium(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's own sandbox refuses root
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel) // after the parallel journeys
	first, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(first, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	for name, j := range map[string]journey{
		"a mention, its reply and its issue":       {walk: walkMention},
		"the steps of the guide":                   {walk: walkGuide},
		"messages with people, files and code":     {walk: walkCompose},
		"a secret is withheld":                     {walk: walkSecret},
		"an edit reaches the issue":                {walk: walkEdit},
		"a button with its dialog":                 {walk: walkButton},
		"a group message":                          {walk: walkGroup},
		"GitHub is down for a while":               {walk: walkFault},
		"the clock is moved":                       {walk: walkClock},
		"work at GitHub as another person":         {walk: walkGitHub},
		"markup in a message is shown as text":     {walk: walkMarkup},
		"a command opens modals":                   {walk: walkModals, app: true},
		"a command is answered":                    {walk: walkCommand, app: true},
		"a shortcut on a message":                  {walk: walkShortcut, app: true},
		"elements of a message":                    {walk: walkElements, app: true},
		"a button that the app doesn't answer":     {walk: walkUnanswered, app: true},
		"all blocks, and one that nobody knows of": {walk: walkBlocks, app: true},
	} {
		for _, lang := range []string{"en", "ja"} {
			t.Run(name+", "+lang, func(t *testing.T) {
				t.Parallel()
				j.walk(openBrowser(t, first, lang, j.app))
			})
		}
	}
}

// A journey is a walk with the bot, or with the app of these tests.
type journey struct {
	walk func(*browser)
	app  bool
}

func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium here: with Debian's chromium installed, this walks through the sandbox's page")
	return ""
}

// A browser is a tab that shows the page of a world of its own.
type browser struct {
	*world
	t    *testing.T
	tab  context.Context
	base string
	lang string
	app  *formApp // nil with the bot

	asker, helper string // names of people who have the language; the helper is in the support team
}

func openBrowser(t *testing.T, first context.Context, lang string, app bool) *browser {
	t.Helper()
	w := newWorld(sandbox.RealClock(), t.TempDir())
	t.Cleanup(w.close)
	w.recall()
	b := &browser{world: w, t: t, lang: lang, asker: "alice", helper: "mia"}
	if lang == "ja" {
		b.asker, b.helper = "aya", "kenji"
	}
	w.company.Begin.As = b.asker
	if app {
		b.app = startFormApp(b)
		b.base = b.serveApp()
	} else {
		b.base = b.serveBot()
	}
	tab, cancelTab := chromedp.NewContext(first)
	t.Cleanup(cancelTab)
	b.tab = tab
	if err := chromedp.Do(tab, chromedp.EmulateViewport(wideX, wideY)); err != nil { // the tab lives as long as this context
		t.Fatal(err)
	}
	return b
}

// tr is a text in the language of the journey.
func (b *browser) tr(en, ja string) string {
	if b.lang == "ja" {
		return ja
	}
	return en
}

// serveBot starts the bot and serves the page with it.
func (b *browser) serveBot() (base string) {
	b.t.Helper()
	t, w := b.t, b.world
	a, err := w.bot(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stop := start(context.Background(), a)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), waitAtMost)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 1); err != nil {
		t.Fatal(err)
	}
	address, unserve, err := servePage(w, func() ([]page.Row, error) { return latestRows(a.store) }, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unserve)
	return "http://" + address
}

// Sizes of windows, in pixels.
const (
	wideX, wideY     = 1280, 800
	narrowX, narrowY = 390, 800
)

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.tab, waitAtMost)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\n%s", err, b.text())
	}
}

// text is all that is to be read on the page.
func (b *browser) text() string {
	text, err := chromedp.Run(b.tab, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// as goes to a channel as somebody.
func (b *browser) as(person, channel string) {
	b.t.Helper()
	b.open("/?as=" + b.id("@"+person) + "&in=" + b.id("#"+channel))
}

// see waits until what selector finds says all of the texts.
func (b *browser) see(selector string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.wait(fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.innerText.includes(%q))", selector, text))
	}
}

// wait waits until a page is there with its script and an expression is true, also beyond a page that is left meanwhile.
func (b *browser) wait(expression string) {
	b.t.Helper()
	if !b.until(func() bool {
		yes, err := chromedp.Run(b.tab, chromedp.Evaluate[bool]("document.readyState === 'complete' && ("+expression+")"))
		return err == nil && yes
	}) {
		b.t.Fatalf("never true: %s\n%s", expression, b.text())
	}
}

// until waits until something is so. It is false if that takes too long.
func (b *browser) until(so func() bool) bool {
	b.t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.After(waitAtMost)
	for !so() {
		select {
		case <-again.C:
		case <-late:
			return false
		}
	}
	return true
}

// click clicks the first visible element that a selector finds, with a label that begins so.
func (b *browser) click(selector, label string) {
	b.t.Helper()
	found := fmt.Sprintf("[...document.querySelectorAll(%q)].find((e) => [e.ariaLabel || '', e.innerText.trim()].some((l) => l.startsWith(%q)))", selector, label)
	b.wait("!!" + found)
	if _, err := chromedp.Run(b.tab, chromedp.Evaluate[bool](found+".click(), true")); err != nil {
		b.t.Fatal(err)
	}
}

// say types into the composer of the channel, or of the thread, and sends it with Enter.
func (b *browser) say(where, text string) {
	b.t.Helper()
	box := where + " .composer textarea"
	b.wait(fmt.Sprintf("!!document.querySelector(%q)", box))
	b.do(chromedp.SendKeys(chromedp.CSS(box), text))
	b.enter()
	b.wait(fmt.Sprintf("document.querySelector(%q).value === ''", box))
}

// openThread opens the thread of the message that says text.
func (b *browser) openThread(text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("[...document.querySelectorAll('.main .message')].some((e) => e.innerText.includes(%q) && e.querySelector('.replies'))", text))
	b.script("[...document.querySelectorAll('.main .message')].find((e) => e.innerText.includes(%q)).querySelector('.replies').click()", text)
	b.wait("!!document.querySelector('.side .message')")
}

// become chooses somebody else at the head of the page.
func (b *browser) become(person string) {
	b.t.Helper()
	b.wait("!!document.getElementById('as')")
	b.script("document.body.dataset.left = 'yes'")
	b.script("{const as = document.getElementById('as'); as.value = %q; as.dispatchEvent(new Event('change', {bubbles: true}))}", b.id("@"+person))
	b.wait("!document.body.dataset.left")
}

// fill puts text into a field, or chooses in it, as somebody does.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("!!document.querySelector(%q)", selector))
	b.script("{const f = document.querySelector(%q); f.value = %q; for (const e of ['input', 'change']) f.dispatchEvent(new Event(e, {bubbles: true}))}", selector, text)
}

// script runs a statement on the page.
func (b *browser) script(format string, args ...any) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(format, args...)))
}

// press types keys where the focus is.
func (b *browser) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// enter presses Enter where the focus is. As a keyboard does, and chromedp's keys don't, it tells the key and its character
// in one: else a page that sends the form gets a new line besides, before or after it has cleared the box.
func (b *browser) enter() {
	b.t.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: '\r'}
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, key); err != nil {
			return err
		}
		key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, key)
		return err
	}))
}

// ask asks for support in the channel and opens the thread, in which the bot has answered with an issue.
func (b *browser) ask(person, channel, text string) {
	b.t.Helper()
	b.as(person, channel)
	b.say(".main", "@support "+text)
	b.openThread(text)
	b.see(".side .message", b.tr("this is issue #1", "イシュー #1"))
}

// issue goes to the issue as somebody.
func (b *browser) issue(person string) {
	b.t.Helper()
	b.open("/github?issue=1&as=" + b.id("@"+person))
}

// inside goes to the tab of that name.
func (b *browser) inside() {
	b.t.Helper()
	b.open("/inside?as=" + b.id("@"+b.asker))
}

// look leaves pictures of the page, if they are wanted.
func (b *browser) look(name string) {
	b.t.Helper()
	dir := os.Getenv("SUPPORTBOT_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, size := range []struct {
		name string
		x, y int64
	}{{"narrow", narrowX, narrowY}, {"wide", wideX, wideY}} {
		b.do(chromedp.EmulateViewport(size.x, size.y))
		picture, err := chromedp.Run(b.tab, chromedp.CaptureScreenshot())
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-"+b.lang+"-"+size.name+".png"), picture, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// walkGuide goes as everybody, and stays in the language of who the page began with.
func walkGuide(b *browser) {
	for n, s := range b.company.Guide {
		b.open("/")
		b.click(".guide li a", b.tr(s.Title.EN, s.Title.JA))
		b.wait(fmt.Sprintf("document.getElementById('as').value === %q", b.id("@"+s.As)))
		b.wait(fmt.Sprintf("document.documentElement.lang === %q", b.lang))
		if say := b.tr(s.Say.EN, s.Say.JA); say != "" {
			b.wait(fmt.Sprintf("document.querySelector('.main .composer textarea').value === %q", say))
		}
		b.look(fmt.Sprintf("guide-%d", n+1))
	}
	b.open("/")
	b.become(b.helper)
	b.see(".guide", b.tr("Try this", "試してみる"))
	b.click(".tongue", b.tr("日本語", "English"))
	b.see(".guide", b.tr("試してみる", "Try this"))
	b.become(b.asker)
	b.see(".guide", b.tr("試してみる", "Try this"))
}

func walkMention(b *browser) {
	b.open("/")
	b.wait(fmt.Sprintf("document.getElementById('as').value === %q", b.id("@"+b.asker)))
	b.see("h1", "help-data")
	b.see(".main .message", "UTC or in JST")
	b.look("begin")
	b.say(".main", "@support "+b.tr("the load of *purchases* fails: `Error 400`", "*purchases* のロードが失敗します：`Error 400`"))
	b.openThread(b.tr("the load of purchases fails", "purchases のロードが失敗します"))
	b.see(".side .message", b.tr("Received: this is issue #1", "受け付けました。イシュー #1"))
	b.see(".main .message strong", "purchases")
	b.see(".side .btn", b.tr("Not a request", "依頼ではない"))
	b.see("header .tabs", b.tr("Inside", "内部"))
	b.look("mention-thread")
	b.say(".side", b.tr("the file is purchases.csv", "ファイルは purchases.csv です"))
	b.fill(".side .composer textarea", b.tr("it is from today", "今日のものです"))
	b.script("{const box = document.querySelector('.side .composer textarea'); box.form.requestSubmit(); box.value += ' 12:00'}")
	b.see(".side .message", b.tr("it is from today", "今日のものです"))
	b.wait("document.querySelector('.side .composer textarea').value === ' 12:00'") // typed while the rest was sent
	b.see(".side .message", "purchases.csv")
	b.click(".side .message a", "#1")
	b.see(".issuehead", b.tr("the load of purchases fails", "purchases のロードが失敗します"))
	b.see(".post .markdown", b.tr("Alice Novak", "田中 彩"), "Error 400")
	b.see(".post .markdown", "purchases.csv")
	b.see(".labels", "turn:team")
	b.see(".state", b.tr("Open", "オープン"))
	b.look("mention-issue")
}

func walkCompose(b *browser) {
	b.as(b.asker, "game-analytics")
	box := ".main .composer textarea"
	b.wait(fmt.Sprintf("!!document.querySelector(%q)", box))
	b.do(chromedp.SendKeys(chromedp.CSS(box), b.tr("thank you @ke", "ありがとう @ke")))
	b.see(".completions", "Kenji Mori")
	b.look("compose-people")
	b.press("\t")
	b.wait(fmt.Sprintf("document.querySelector(%q).value.endsWith('@kenji ')", box))
	b.click(".main .composer .tool", b.tr("Code block", "コードブロック"))
	b.wait(fmt.Sprintf("!!document.querySelector(%q)", box))
	b.do(chromedp.SendKeys(chromedp.CSS(box), "SELECT 1"))
	file := filepath.Join(b.t.TempDir(), "levels.csv")
	if err := os.WriteFile(file, []byte("level,players\n1,31000\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS(".main .composer input[type=file]"), []string{file}))
	b.see(".chosen", "levels.csv")
	b.enter()
	b.see(".main .message .mention", "@Kenji Mori")
	b.see(".main .message pre", "SELECT 1")
	b.see(".main .message .file", "levels.csv")
	b.click(".main .message:last-child .tools button", b.tr("React eyes", "eyes でリアクション"))
	b.see(".main .reactions button[aria-pressed=true]", "👀 1")
	b.look("compose-sent")
	b.click(".main .message:last-child .tools a", b.tr("Reply in thread", "スレッドで返信"))
	b.click(".side label.also", b.tr("Also send", "チャンネルにも"))
	b.say(".side", b.tr("done now", "終わりました"))
	b.see(".main .message", b.tr("replied to a thread", "スレッドに返信しました"))
	b.click(".main .message:last-child .tools button", b.tr("Delete", "削除"))
	b.click("dialog button", b.tr("Delete", "削除"))
	b.wait("![...document.querySelectorAll('.message')].some((e) => e.innerText.includes(" + fmt.Sprintf("%q", b.tr("done now", "終わりました")) + "))")
}

func walkSecret(b *browser) {
	secret := "AKIA" + "Z5Q7XJ2KLM4N6PRT"
	text := b.tr("the loader refuses my key", "ローダーが鍵を拒否します")
	b.as(b.asker, "game-analytics")
	b.say(".main", "@support "+text+" "+secret)
	b.see(".list .unread", "Support Bot")
	b.click(".list .name", "Support Bot")
	b.see(".main .message", b.tr("seems to contain a secret", "秘密情報"), b.tr("your message", "該当のメッセージ"))
	b.look("secret-notice")
	b.issue(b.asker)
	b.see(".post .markdown", text)
	if strings.Contains(b.text(), secret) {
		b.t.Error("the secret is on GitHub")
	}
	b.inside()
	b.see(".line.action .name", "slack.notify")
	b.look("inside-flow")
}

func walkEdit(b *browser) {
	b.ask(b.asker, "help-data", b.tr("the job is red", "ジョブが失敗しました"))
	b.click(".side .message:first-child .tools button[data-toggle]", b.tr("Edit", "編集"))
	after := b.tr("the job etl_daily is red", "ジョブ etl_daily が失敗しました")
	b.fill(".side .change:not([hidden]) textarea", "@support "+after)
	b.look("edit-open")
	b.click(".side .change:not([hidden]) .primary", b.tr("Save", "保存"))
	b.see(".side .message", after, b.tr("(edited)", "（編集済み）"))
	b.issue(b.asker)
	b.see(".issuehead", after)
	b.look("edit-issue")
}

func walkButton(b *browser) {
	no, yes := b.tr("Not a request", "依頼ではない"), b.tr("Close it", "クローズする")
	b.ask(b.asker, "help-data", b.tr("thank you for the quick help", "素早い対応をありがとう"))
	b.click(".side .btn", no)
	b.see("dialog", b.tr("Close the issue?", "クローズしますか？"), b.tr("Keep it", "やめる"))
	b.click("dialog button", yes)
	b.see(".side .message.only", b.tr("Only visible to you", "あなただけに表示"), b.tr("Only the support team can close", "サポートチームのメンバーだけ"))
	b.look("button-refused")
	b.become(b.helper)
	b.click(".side .btn", no)
	b.look("button-dialog")
	b.click("dialog button", yes)
	b.see(".side .message", b.tr("The support team closed issue #1", "イシュー #1 をクローズしました"))
	b.issue(b.helper)
	b.see(".state", b.tr("Closed", "クローズ"))
	b.look("button-closed")
}

func walkGroup(b *browser) {
	b.open("/?as=" + b.id("@"+b.asker))
	b.click(".newmessage summary", b.tr("＋ New message", "＋ 新しいメッセージ"))
	b.click(".newmessage label", "Ben Okafor")
	b.click(".newmessage button", b.tr("Start", "始める"))
	b.see(".newmessage .complaint", b.tr("two to 8 people", "2〜8 人"))
	b.click(".newmessage label", "Support Bot")
	b.look("group-new")
	b.click(".newmessage button", b.tr("Start", "始める"))
	b.see("h1", "Ben Okafor, Support Bot")
	b.see(".list [aria-current]", "Ben Okafor")
	b.say(".main", "@support "+b.tr("who may see the budget?", "予算を閲覧できるのは誰ですか？"))
	b.openThread(b.tr("who may see the budget?", "予算を閲覧"))
	b.see(".side .message", b.tr("this is issue #1", "イシュー #1"), b.tr("Publish the text", "内容を公開する"))
	b.look("group-thread")
	b.become("ben")
	b.see("h1", b.tr("Alice Novak", "田中 彩")+", Support Bot")
	b.become("mia")
	b.see("h1", "help-data") // she is not in the group
}

func walkFault(b *browser) {
	down, minute := b.tr("Down (502)", "停止（502）"), b.tr("+1 minute", "＋1 分")
	text := b.tr("nobody can log in", "誰もログインできません")
	b.inside()
	b.click(".switch", down)
	b.wait("document.querySelector('.switch').getAttribute('aria-checked') === 'true'")
	b.see(".status", b.tr("faults on: 1", "障害 1 件"))
	b.as(b.asker, "help-data")
	b.say(".main", "@support "+text)
	b.inside()
	b.see(".line.call .result.bad", "502")
	b.look("fault-inside")
	b.click(".buttons .btn", minute)
	b.as(b.asker, "help-data")
	b.openThread(text)
	b.see(".side .message", b.tr("I can't open the issue just now", "いまはイシューを作成できません"))
	b.look("fault-thread")
	b.inside()
	b.click(".switch[aria-checked=true]", down)
	b.wait("!document.querySelector('.switch[aria-checked=true]')")
	b.click(".buttons .btn", minute)
	b.wait("[...document.querySelectorAll('.line.call')].some((e) => e.innerText.includes('create issue') && e.innerText.includes('201'))")
	b.issue(b.asker)
	b.see(".issuehead", text)
}

func walkClock(b *browser) {
	b.inside()
	before := b.clock.Now()
	b.click(".buttons .btn", b.tr("Pause", "止める"))
	b.see(".status", b.tr("paused", "停止中"))
	b.click(".buttons .btn", b.tr("+1 week", "＋1 週間"))
	b.wait("document.querySelector('.status time').innerText.startsWith('" + before.Add(7*24*time.Hour).In(tokyo(b.t)).Format("2006-01-02") + "')")
	if got := b.clock.Now().Sub(before); got < 7*24*time.Hour || got > 7*24*time.Hour+waitAtMost {
		b.t.Errorf("moved by %v", got)
	}
	b.look("clock-paused")
	text := b.tr("a week later", "一週間後")
	b.as(b.asker, "help-data")
	b.say(".main", "@support "+text)
	b.inside()
	b.click(".buttons .btn", b.tr("Resume", "動かす"))
	b.as(b.asker, "help-data")
	b.openThread(text)
	b.see(".side .message", b.tr("this is issue #1", "イシュー #1"))
}

func tokyo(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func walkGitHub(b *browser) {
	b.ask(b.asker, "help-data", b.tr("which table has refunds?", "返金のテーブルはどれですか？"))
	b.issue(b.helper)
	b.fill(".hub .composer textarea", b.tr("It is `refunds_v2`.\n\n- [x] documented", "`refunds_v2` です。\n\n- [x] 記載済み")+"\n\n<script>alert(1)</script>")
	b.click(".hub .composer .send", b.tr("Comment", "コメントする"))
	b.see(".post .by", b.helper)
	b.see(".post .markdown code", "refunds_v2")
	b.see(".post .markdown", "<script>alert(1)</script>")
	b.fill(".add input[name=add]", "question")
	b.script("document.querySelector('.add').requestSubmit()")
	b.see(".issuebar .label", "question")
	b.click(".issuebar .btn", b.tr("Close issue", "クローズする"))
	b.see(".state", b.tr("Closed as completed", "クローズ済み（完了）"))
	b.look("github-closed")
	b.click(".issuebar .btn", b.tr("Reopen", "再オープンする"))
	b.see(".state", b.tr("Open", "オープン"))
	b.click(".issuebar button", b.tr("Remove label question", "ラベル question を外す"))
	b.wait("![...document.querySelectorAll('.issuebar .label')].some((e) => e.innerText.includes('question'))")
	b.click(".rewrite summary", b.tr("Edit title", "タイトルと"))
	b.fill(".rewrite input[name=title]", b.tr("Which table has refunds, and since when?", "返金のテーブルとその開始日"))
	b.click(".rewrite .primary", b.tr("Save", "保存"))
	b.see(".issuehead", b.tr("and since when?", "その開始日"))

	b.become(b.asker) // whoever may write there can edit what others wrote
	b.click(".post .icon", b.tr("Edit", "編集"))
	b.fill(".post .change:not([hidden]) textarea", "`refunds_v3`")
	b.look("github-comment-edited")
	b.click(".post .change:not([hidden]) .primary", b.tr("Save", "保存"))
	b.see(".post .markdown code", "refunds_v3")
	b.see(".post .edited", b.tr("(edited)", "（編集済み）"))
	b.click(".post .by button.icon", b.tr("Delete", "削除"))
	b.see("dialog", b.tr("Delete this comment?", "このコメントを削除しますか？"))
	b.click("dialog button", b.tr("Delete", "削除"))
	b.wait("document.querySelectorAll('.post').length === 1")
}

func walkMarkup(b *browser) {
	hostile := `<img src=x onerror="document.title='pwned'"><b>bold</b> & <script>alert(1)</script>`
	b.open("/?in=C0HELP&as=" + b.id("@"+b.asker) + "&draft=" + url.QueryEscape(hostile))
	b.click(".send", b.tr("Send", "送信"))
	b.see(".main .message", hostile)
	if title, err := chromedp.Run(b.tab, chromedp.Title()); err != nil || title == "pwned" {
		b.t.Errorf("title %q: %v", title, err)
	}
	b.wait("document.querySelectorAll('.text img, .text b, .text script').length === 0")
}
