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

	"github.com/chromedp/chromedp"

	"supportbot/integrations/sandbox"
)

// TestInABrowser walks through the sandbox's page in a real browser, with the real bot behind it. With
// SUPPORTBOT_SCREENSHOTS=DIR it leaves pictures of what is seen there, wide and narrow.
func TestInABrowser(t *testing.T) {
	chromium := findChromium(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's own sandbox refuses root
	}
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	first, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(first, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	for name, journey := range map[string]func(*browser){
		"a mention, its reply and its issue":   walkMention,
		"the same in Japanese":                 walkJapanese,
		"a secret is withheld":                 walkSecret,
		"an edit reaches the issue":            walkEdit,
		"a button with its dialog":             walkButton,
		"GitHub is down for a while":           walkFault,
		"the clock is moved":                   walkClock,
		"work at GitHub as another person":     walkGitHub,
		"markup in a message is shown as text": walkMarkup,
	} {
		t.Run(name, func(t *testing.T) { journey(openBrowser(t, first)) })
	}
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
}

func openBrowser(t *testing.T, first context.Context) *browser {
	t.Helper()
	w := newWorld(sandbox.RealClock(), t.TempDir())
	t.Cleanup(w.close)
	w.recall()
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
	address, unserve, err := servePage(w, a, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unserve)
	tab, cancelTab := chromedp.NewContext(first)
	t.Cleanup(cancelTab)
	b := &browser{world: w, t: t, tab: tab, base: "http://" + address}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(wideX, wideY)); err != nil { // the tab lives as long as this context
		t.Fatal(err)
	}
	return b
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

// wait waits until an expression is true, also beyond a page that is left meanwhile.
func (b *browser) wait(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.tab, waitAtMost)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && yes {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			b.t.Fatalf("never true: %s\n%s", expression, b.text())
		}
	}
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
	b.do(chromedp.SendKeys(chromedp.CSS(box), text+"\r"))
	b.wait(fmt.Sprintf("document.querySelector(%q).value.trim() === ''", box))
}

// openThread opens the thread of the message that says text.
func (b *browser) openThread(text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("[...document.querySelectorAll('.main .message')].some((e) => e.innerText.includes(%q) && e.querySelector('.replies'))", text))
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("[...document.querySelectorAll('.main .message')].find((e) => e.innerText.includes(%q)).querySelector('.replies').click()", text)))
	b.wait("!!document.querySelector('.side .message')")
}

// become chooses somebody else at the head of the page.
func (b *browser) become(person string) {
	b.t.Helper()
	choose := "as.value = %q; as.dispatchEvent(new Event('change', {bubbles: true}))"
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("{const as = document.getElementById('as'); "+choose+"}", b.id("@"+person))))
}

// fill puts text into a field.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.wait(fmt.Sprintf("!!document.querySelector(%q)", selector))
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector(%q).value = %q", selector, text)))
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
		if err := os.WriteFile(filepath.Join(dir, name+"-"+size.name+".png"), picture, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

func walkMention(b *browser) {
	b.open("/")
	b.see("h1", "help-data")
	b.see(".main .message", "UTC or in JST")
	b.look("begin")
	b.say(".main", "@support the load of *purchases* fails: `Error 400`")
	b.see(".main .message strong", "purchases")
	b.openThread("the load of purchases fails")
	b.see(".side .message", "Received. This is issue #1", "Not a request")
	b.look("mention-thread")
	b.say(".side", "the file is purchases.csv")
	b.see(".side .message", "the file is purchases.csv")
	b.click(".side .message a", "#1")
	b.see(".issuehead", "the load of purchases fails")
	b.see(".post .markdown", "Alice Novak", "Error 400")
	b.see(".post .markdown", "the file is purchases.csv")
	b.see(".labels", "turn:team")
	b.look("mention-issue")
}

func walkJapanese(b *browser) {
	b.as("aya", "game-analytics")
	b.see("header .tabs", "内部")
	b.see(".main .message", "継続率レポート")
	b.say(".main", "@support ダッシュボードの数値が更新されていません。")
	b.openThread("ダッシュボードの数値")
	b.see(".side .message", "受け付けました。イシュー #1", "依頼ではない")
	b.look("japanese-thread")
	b.click(".side .message a", "#1")
	b.see(".issuehead", "ダッシュボードの数値が更新されていません")
	b.see(".state", "オープン")
	b.look("japanese-issue")
}

func walkSecret(b *browser) {
	secret := "AKIA" + "Z5Q7XJ2KLM4N6PRT"
	b.as("alice", "game-analytics")
	b.say(".main", "@support the loader refuses my key "+secret)
	b.see(".list .unread", "Support Bot")
	b.click(".list .name", "Support Bot")
	b.see(".main .message", "seems to contain a secret", "your message")
	b.look("secret-notice")
	b.open("/github?issue=1")
	b.see(".post .markdown", "the loader refuses my key")
	if strings.Contains(b.text(), secret) {
		b.t.Error("the secret is on GitHub")
	}
	b.open("/inside")
	b.see(".line.action .name", "slack.notify")
	b.look("inside-flow")
}

func walkEdit(b *browser) {
	b.as("ben", "help-data")
	b.say(".main", "@support the job is red")
	b.openThread("the job is red")
	b.see(".side .message", "This is issue #1")
	b.click(".side .message:first-child .tools button[data-toggle]", "Edit")
	b.fill(".side .change:not([hidden]) textarea", "@support the job etl_daily is red")
	b.look("edit-open")
	b.click(".side .change:not([hidden]) .primary", "Save")
	b.see(".side .message", "the job etl_daily is red", "(edited)")
	b.open("/github?issue=1")
	b.see(".issuehead", "the job etl_daily is red")
}

func walkButton(b *browser) {
	b.as("alice", "help-data")
	b.say(".main", "@support thank you for the quick help")
	b.openThread("thank you for the quick help")
	b.see(".side .message .btn", "Not a request")
	b.click(".side .btn", "Not a request")
	b.see("dialog", "Close the issue?", "Keep it")
	b.click("dialog button", "Close it")
	b.see(".side .message.only", "Only visible to you", "Only the support team can close")
	b.look("button-refused")
	b.become("kenji")
	b.see(".tabs", "内部")
	b.see(".side .message .btn", "Not a request")
	b.click(".side .btn", "Not a request")
	b.look("button-dialog")
	b.click("dialog button", "Close it")
	b.see(".side .message", "The support team closed issue #1")
	b.open("/github?as=U0KENJI&issue=1")
	b.see(".state", "クローズ")
}

func walkFault(b *browser) {
	b.open("/inside?as=U0BEN")
	b.click(".switch", "Down (502)")
	b.wait("document.querySelector('.switch').getAttribute('aria-checked') === 'true'")
	b.see(".status", "faults on: 1")
	b.as("ben", "help-data")
	b.say(".main", "@support nobody can log in")
	b.open("/inside?as=U0BEN")
	b.see(".line.call .result.bad", "502")
	b.look("fault-inside")
	b.click(".buttons .btn", "+1 minute")
	b.as("ben", "help-data")
	b.openThread("nobody can log in")
	b.see(".side .message", "can't be opened just yet")
	b.open("/inside?as=U0BEN")
	b.click(".switch[aria-checked=true]", "Down (502)")
	b.wait("!document.querySelector('.switch[aria-checked=true]')")
	b.click(".buttons .btn", "+1 minute")
	b.wait("[...document.querySelectorAll('.line.call')].some((e) => e.innerText.includes('create issue') && e.innerText.includes('201'))")
	b.open("/github?as=U0BEN&issue=1")
	b.see(".issuehead", "nobody can log in")
}

func walkClock(b *browser) {
	b.open("/inside")
	before := b.clock.Now()
	b.click(".buttons .btn", "Pause")
	b.see(".status", "paused")
	b.click(".buttons .btn", "+1 week")
	b.wait("document.querySelector('.status time').innerText.startsWith('" + before.Add(7*24*time.Hour).In(tokyo(b.t)).Format("2006-01-02") + "')")
	if got := b.clock.Now().Sub(before); got < 7*24*time.Hour || got > 7*24*time.Hour+waitAtMost {
		b.t.Errorf("moved by %v", got)
	}
	b.look("clock-paused")
	b.as("alice", "help-data")
	b.say(".main", "@support a week later")
	b.open("/inside")
	b.click(".buttons .btn", "Resume")
	b.as("alice", "help-data")
	b.openThread("a week later")
	b.see(".side .message", "This is issue #1")
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
	b.as("alice", "help-data")
	b.say(".main", "@support which table has refunds?")
	b.openThread("which table has refunds?")
	b.see(".side .message", "This is issue #1")
	b.open("/github?as=U0MIA&issue=1")
	b.fill(".hub .composer textarea", "It is `refunds_v2`.\n\n- [x] documented\n\n<script>alert(1)</script>")
	b.click(".hub .composer .send", "Comment")
	b.see(".post .by", "mia")
	b.see(".post .markdown code", "refunds_v2")
	b.see(".post .markdown", "<script>alert(1)</script>")
	b.fill(".add input[name=add]", "question")
	b.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('.add').requestSubmit()"))
	b.see(".issuebar .label", "question")
	b.click(".issuebar .btn", "Close issue")
	b.see(".state", "Closed as completed")
	b.look("github-comment")
	b.click(".issuebar .btn", "Reopen")
	b.see(".state", "Open")
}

func walkMarkup(b *browser) {
	hostile := `<img src=x onerror="document.title='pwned'"><b>bold</b> & <script>alert(1)</script>`
	b.open("/?as=U0ALICE&in=C0HELP&draft=" + url.QueryEscape(hostile))
	b.click(".send", "Send")
	b.see(".main .message", hostile)
	if title, err := chromedp.Run(b.tab, chromedp.Title()); err != nil || title == "pwned" {
		b.t.Errorf("title %q: %v", title, err)
	}
	b.wait("document.querySelectorAll('.text img, .text b, .text script').length === 0")
}
