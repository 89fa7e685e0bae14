package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"supportbot/integrations/sandbox"
)

// formManifest is of an app with what the bot doesn't have yet.
const formManifest = `
features:
  slash_commands:
    - {command: /load, description: %q, usage_hint: "TABLE [DATE]"}
  shortcuts:
    - {name: %q, type: message, callback_id: ticket, description: ""}
`

// A formApp is an app of slack-go's that opens modals, and tells people what they chose.
type formApp struct {
	*browser
	api     *slack.Client
	client  *socketmode.Client
	release chan struct{} // what takes its time waits for it
}

func startFormApp(b *browser) *formApp {
	b.t.Helper()
	b.clock.Pause() // nothing here takes three seconds, however slow the machine
	api := slack.New(b.slack.BotToken(), slack.OptionAPIURL(b.slack.URL()), slack.OptionAppLevelToken(b.slack.AppToken()))
	f := &formApp{browser: b, api: api, client: socketmode.New(api), release: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { _ = f.client.RunContext(ctx) }() // until it is cancelled
	go func() {
		defer close(ended)
		for {
			select {
			case e := <-f.client.Events:
				f.take(e)
			case <-ctx.Done():
				return
			}
		}
	}()
	b.t.Cleanup(func() {
		cancel()
		<-ended
	})
	soon, stop := context.WithTimeout(ctx, waitAtMost)
	defer stop()
	if err := b.slack.WaitSockets(soon, 1); err != nil {
		b.t.Fatal(err)
	}
	return f
}

func (b *browser) serveApp() (base string) {
	b.t.Helper()
	manifest := fmt.Sprintf(formManifest, b.tr("Load a table", "テーブルをロードする"), b.tr("Make a ticket", "チケットを作成"))
	p, err := b.page([]byte(manifest), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	address, unserve, err := serveLocally(p, "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(unserve)
	return "http://" + address
}

func (f *formApp) take(e socketmode.Event) {
	var err error
	switch data := e.Data.(type) {
	case slack.SlashCommand:
		err = f.command(*e.Request, data)
	case slack.InteractionCallback:
		err = f.interaction(*e.Request, data)
	}
	if err != nil {
		f.t.Error(err)
	}
}

// hold lets what takes its time wait for the test.
func (f *formApp) hold() { <-f.release }

func (f *formApp) command(r socketmode.Request, c slack.SlashCommand) error {
	if c.Text == "" {
		return f.client.Ack(r, obj{"text": f.tr("Say which table: `/load TABLE [DATE]`", "テーブルを指定してください： `/load TABLE [DATE]`")})
	}
	if err := f.client.Ack(r); err != nil {
		return err
	}
	v, err := f.api.OpenView(c.TriggerID, f.modal("loading", section(f.tr("Looking up the tables …", "テーブルを調べています…"))))
	if err != nil {
		return err
	}
	f.hold()
	_, err = f.api.UpdateView(f.loadModal(c.Text), "", v.Hash, v.ID)
	return err
}

func (f *formApp) interaction(r socketmode.Request, c slack.InteractionCallback) error {
	switch c.Type {
	case slack.InteractionTypeBlockSuggestion:
		return f.client.Ack(r, obj{"options": f.owners(c.Value)})
	case slack.InteractionTypeViewSubmission:
		return f.submitted(r, c)
	case slack.InteractionTypeBlockActions:
		return f.acted(r, c)
	case slack.InteractionTypeMessageAction:
		if err := f.client.Ack(r); err != nil {
			return err
		}
		_, err := f.api.OpenView(c.TriggerID, f.modal("ticket", section(">"+c.Message.Text), f.input("title", f.tr("Title", "タイトル"),
			obj{"type": "plain_text_input", "action_id": "words"})))
		return err
	}
	return f.client.Ack(r)
}

func (f *formApp) submitted(r socketmode.Request, c slack.InteractionCallback) error {
	switch c.View.CallbackID {
	case "load":
		if c.View.State.Values["table"]["name"].Value == "nothing" {
			return f.client.Ack(r, obj{"response_action": "errors", "errors": obj{"table": f.tr("There is no such table.", "そのテーブルはありません。")}})
		}
		f.hold()
		table := told(c.View.State.Values)
		return f.client.Ack(r, obj{"response_action": "push", "view": f.modal("check", section(f.tr("Replace what is there? ", "既存のデータを置き換えますか？ ")+table))})
	case "check":
		return f.client.Ack(r, obj{"response_action": "update", "view": f.modal("start", section(f.tr("It starts at once.", "すぐに開始します。")))})
	}
	if err := f.client.Ack(r, obj{"response_action": "clear"}); err != nil {
		return err
	}
	_, err := f.api.PostEphemeral(f.id("#help-data"), c.User.ID, slack.MsgOptionText(f.tr("It has started.", "開始しました。"), false))
	return err
}

func (f *formApp) acted(r socketmode.Request, c slack.InteractionCallback) error {
	action := c.ActionCallback.BlockActions[0]
	if action.ActionID == "silent" {
		return nil
	}
	if err := f.client.Ack(r); err != nil {
		return err
	}
	if action.ActionID == "preview" {
		_, err := f.api.PushView(c.TriggerID, f.modal("preview", section("`2026-12-01  31 024`\n`2026-12-02  29 871`")))
		return err
	}
	said := f.tr("You chose ", "選択：") + action.ActionID + " → " + told(c.BlockActionState.Values)
	_, err := f.api.PostEphemeral(c.Channel.ID, c.User.ID, slack.MsgOptionText(said, false))
	return err
}

// told is what elements hold, in order.
func told(state map[string]map[string]slack.BlockAction) string {
	var all []string
	for _, byAction := range state {
		for _, a := range byAction {
			held := cmp.Or(a.Value, a.SelectedDate, a.SelectedUser)
			if a.SelectedOption.Text != nil {
				held = a.SelectedOption.Text.Text
			}
			if held != "" {
				all = append(all, held)
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// owners are the options of an external select.
func (f *formApp) owners(typed string) []obj {
	options := []obj{}
	for _, name := range []string{"analytics <b>", "back office", "analytics-eu"} {
		if strings.HasPrefix(name, typed) {
			options = append(options, option(name, name))
		}
	}
	return options
}

// obj is an object of JSON.
type obj map[string]any

func plainText(text string) obj { return obj{"type": "plain_text", "text": text} }

func section(text string) obj {
	return obj{"type": "section", "text": obj{"type": "mrkdwn", "text": text}}
}

func option(text, value string) obj { return obj{"text": plainText(text), "value": value} }

func (f *formApp) input(id, label string, element obj) obj {
	return obj{"type": "input", "block_id": id, "label": plainText(label), "element": element}
}

func (f *formApp) modal(id string, blocks ...obj) slack.ModalViewRequest {
	return parsed[slack.ModalViewRequest](f.browser, obj{
		"type": "modal", "callback_id": id, "title": plainText(f.tr("Load a table", "テーブルのロード")), "submit": plainText(f.tr("Continue", "次へ")),
		"close": plainText(f.tr("Cancel", "キャンセル")), "blocks": blocks,
	})
}

func (f *formApp) loadModal(table string) slack.ModalViewRequest {
	optional := f.input("note", f.tr("Note", "メモ"), obj{"type": "plain_text_input", "action_id": "words", "multiline": true})
	optional["optional"], optional["hint"] = true, plainText(f.tr("The table's owner will read it.", "テーブルのオーナーに表示されます。"))
	preview := section(f.tr("*What will be loaded*", "*ロードされる内容*"))
	preview["accessory"] = obj{"type": "button", "action_id": "preview", "text": plainText(f.tr("Preview", "プレビュー"))}
	return f.modal("load",
		f.input("table", f.tr("Table", "テーブル"), obj{"type": "plain_text_input", "action_id": "name", "initial_value": table}),
		f.input("mode", f.tr("Mode", "モード"), obj{"type": "static_select", "action_id": "how", "options": []obj{
			option(f.tr("Append", "追加"), "append"), option(f.tr("Replace", "置き換え"), "replace")}}),
		f.input("from", f.tr("From", "開始日"), obj{"type": "datepicker", "action_id": "day", "initial_date": "2026-12-01"}),
		f.input("owner", f.tr("Owner", "オーナー"), obj{"type": "external_select", "action_id": "who", "min_query_length": 1}),
		optional, preview)
}

// parsed is an object of JSON as slack-go has it.
func parsed[T any](b *browser, v any) (to T) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &to)
	}
	if err != nil {
		b.t.Error(err)
	}
	return to
}

// post says something in #help-data as the app.
func (f *formApp) post(blocks ...obj) {
	f.t.Helper()
	if _, _, err := f.api.PostMessage(f.id("#help-data"), slack.MsgOptionText("…", false),
		slack.MsgOptionBlocks(parsed[slack.Blocks](f.browser, blocks).BlockSet...)); err != nil {
		f.t.Fatal(err)
	}
}

func walkModals(b *browser) {
	b.as(b.asker, "help-data")
	b.do(chromedp.SendKeys(chromedp.CSS(".main .composer textarea"), "/lo"))
	b.see(".completions", "/load", "TABLE [DATE]", b.tr("Load a table", "テーブルをロードする"))
	b.look("command-completed")
	b.press("\t")
	b.see(".usage", "/load TABLE [DATE]")
	b.look("command-usage")
	b.do(chromedp.SendKeys(chromedp.CSS(".main .composer textarea"), "nothing"))
	b.enter()
	b.see(".modal", b.tr("Looking up the tables", "テーブルを調べています"))
	b.look("modal-loading")
	b.app.release <- struct{}{}
	b.see(".modal", b.tr("Owner", "オーナー"))
	b.wait("document.activeElement.closest('.modal') !== null")

	b.fill(".modal select[name='v:mode:how']", "replace")
	b.fill(".modal .external input", "an")
	b.see(".modal .external option", "analytics <b>", "analytics-eu")
	b.look("modal-form")
	b.fill(".modal .external select", "analytics-eu")
	b.click(".modal button", b.tr("Preview", "プレビュー"))
	b.see(".modal", "31 024")
	b.look("modal-stacked")
	b.click(".modal footer button", b.tr("Back", "戻る"))
	b.see(".modal legend", b.tr("Mode", "モード"))
	b.click(".modal footer button", b.tr("Continue", "次へ"))
	b.see(".modal .input.wrong .problem", b.tr("There is no such table.", "そのテーブルはありません。"))
	b.wait("document.activeElement.name === 'v:table:name'")
	b.wait("document.querySelector('.modal select[name=\"v:mode:how\"]').value === 'replace'") // what was chosen stays
	b.wait("document.querySelector('.modal .external select').value === 'analytics-eu'")
	b.look("modal-error")

	b.fill(".modal input[name='v:table:name']", "orders")
	b.click(".modal footer button", b.tr("Continue", "次へ"))
	b.wait("!!document.querySelector('.modal footer .primary.busy')")
	b.look("modal-busy")
	b.app.release <- struct{}{}
	b.see(".modal", b.tr("Replace what is there?", "置き換えますか？"), "2026-12-01, "+b.tr("Replace, analytics-eu, orders", "analytics-eu, orders, 置き換え"))
	b.look("modal-pushed")
	b.click(".modal footer button", b.tr("Continue", "次へ"))
	b.see(".modal", b.tr("It starts at once.", "すぐに開始します。"))
	b.click(".modal footer button", b.tr("Continue", "次へ"))
	b.wait("!document.querySelector('.modal')")
	b.see(".main .message.only", b.tr("Only visible to you", "あなただけに表示"), b.tr("It has started.", "開始しました。"))
	b.look("modal-cleared")
}

func walkCommand(b *browser) {
	b.as(b.asker, "help-data")
	b.say(".main", "/load ")
	b.see(".main .message.only", b.tr("Say which table", "テーブルを指定してください"))
	b.do(chromedp.SendKeys(chromedp.CSS(".main .composer textarea"), "/lod orders"))
	b.enter()
	b.see(".main .complaint", b.tr("/lod is not a valid command", "/lod は有効なコマンドではありません"))
	b.look("command-answered")
}

func walkShortcut(b *browser) {
	b.as(b.asker, "help-data")
	b.script("[...document.querySelectorAll('.main .message')].at(-1).focus()")
	b.click(".main .message:last-child .menu summary", b.tr("More actions", "その他の操作"))
	b.see(".menu", b.tr("Make a ticket", "チケットを作成"))
	b.look("shortcut-menu")
	b.click(".main .message:last-child .menu button", b.tr("Make a ticket", "チケットを作成"))
	b.see(".modal blockquote", "UTC or in JST")
	b.look("shortcut-modal")
	b.press("\x1b")
	b.wait("!document.querySelector('.modal')")
}

func walkElements(b *browser) {
	danger := section(b.tr("The load of *orders* is running.", "*orders* をロードしています。"))
	danger["accessory"] = obj{
		"type": "button", "action_id": "stop", "style": "danger", "text": plainText(b.tr("Stop", "停止")), "confirm": obj{
			"title": plainText(b.tr("Stop the load?", "停止しますか？")), "text": plainText(b.tr("What is loaded stays.", "ロード済みのデータは残ります。")),
			"confirm": plainText(b.tr("Stop it", "停止する")), "deny": plainText(b.tr("Go on", "続ける")), "style": "danger"},
	}
	b.app.post(danger, obj{"type": "actions", "block_id": "all", "elements": []obj{
		{"type": "static_select", "action_id": "mode", "placeholder": plainText(b.tr("Mode", "モード")), "options": []obj{option("Append", "append"), option("Replace", "replace")}},
		{"type": "datepicker", "action_id": "until", "initial_date": "2026-12-01"},
		{"type": "users_select", "action_id": "owner", "placeholder": plainText(b.tr("Owner", "オーナー"))},
		{"type": "overflow", "action_id": "more", "options": []obj{option(b.tr("Show the log", "ログを表示"), "log"), option(b.tr("Copy", "コピー"), "copy")}},
		{"type": "external_select", "action_id": "team", "placeholder": plainText(b.tr("Team", "チーム")), "min_query_length": 1},
	}}, b.app.input("why", b.tr("Why?", "理由"), obj{"type": "plain_text_input", "action_id": "words"}))
	b.as(b.asker, "help-data")
	b.click(".message .btn.danger", b.tr("Stop", "停止"))
	b.see("dialog", b.tr("Stop the load?", "停止しますか？"))
	b.look("elements-dialog")
	b.click("dialog button", b.tr("Go on", "続ける"))
	b.wait("!document.querySelector('dialog')")
	b.fill(".message select[name='v:all:mode']", "replace")
	b.see(".message.only", b.tr("You chose mode → 2026-12-01, Replace", "選択：mode → 2026-12-01, Replace"))
	b.fill(".message input[name='v:all:until']", "2026-12-24")
	b.see(".message.only", "until → 2026-12-24, Replace")
	b.fill(".message select[name='v:all:owner']", b.id("@ben"))
	b.see(".message.only", "owner → 2026-12-24, Replace, "+b.id("@ben"))
	b.fill(".message .external input", "ba")
	b.see(".message .external option", "back office")
	b.fill(".message .external select", "back office")
	b.see(".message.only", "team → 2026-12-24, Replace, "+b.id("@ben")+", back office")
	b.fill(".message input[name='v:why:words']", "too slow") // which nothing tells the app of, until a button is pressed
	b.click(".message .btn.danger", b.tr("Stop", "停止"))
	b.click("dialog button", b.tr("Stop it", "停止する"))
	b.see(".message.only", "stop → 2026-12-24, Replace, "+b.id("@ben")+", back office, too slow")
	b.look("elements-chosen")
}

func walkUnanswered(b *browser) {
	b.app.post(section(b.tr("Approve the grant?", "権限を承認しますか？")), obj{"type": "actions", "elements": []obj{
		{"type": "button", "action_id": "silent", "style": "primary", "text": plainText(b.tr("Approve", "承認"))}}})
	b.as(b.asker, "help-data")
	b.click(".message .btn.primary", b.tr("Approve", "承認"))
	b.wait("!!document.querySelector('.message .btn.busy')")
	_ = b.until(func() bool { // the page says so if it never is
		return slices.ContainsFunc(b.slack.Envelopes(), func(e sandbox.Envelope) bool { return e.Kind == "interactive" })
	})
	b.clock.Advance(3 * time.Second)
	b.see(".message .problem", b.tr("We had some trouble connecting", "接続に問題が発生しました"))
	b.wait("!document.querySelector('.message .btn.busy')")
	b.look("button-unanswered")
}

func walkBlocks(b *browser) {
	picture := obj{"type": "image", "image_url": "https://example.com/chart.png", "alt_text": b.tr("Players by day", "日別プレイヤー数"), "title": plainText(b.tr("Last week", "先週"))}
	b.app.post(
		obj{"type": "header", "text": plainText(b.tr("Report of the week :bar_chart:", "今週のレポート :bar_chart:"))},
		obj{"type": "context", "elements": []obj{{"type": "mrkdwn", "text": b.tr("by *Ben* · yesterday", "*Ben* ・昨日")}}},
		obj{"type": "divider"},
		obj{"type": "section", "fields": []obj{
			{"type": "mrkdwn", "text": b.tr("*Players*\n31 024", "*プレイヤー*\n31 024")}, {"type": "mrkdwn", "text": b.tr("*Retention*\n24.6 %", "*継続率*\n24.6 %")}}},
		picture,
		obj{"type": "rich_text", "elements": []obj{
			{"type": "rich_text_section", "elements": []obj{{"type": "text", "text": b.tr("To do for ", "担当："), "style": obj{"bold": true}}, {"type": "user", "user_id": b.id("@ben")}}},
			{"type": "rich_text_list", "style": "ordered", "elements": []obj{
				{"type": "rich_text_section", "elements": []obj{{"type": "text", "text": b.tr("check the query", "クエリの確認")}}},
				{"type": "rich_text_section", "elements": []obj{{"type": "text", "text": b.tr("ask the studio", "スタジオへの確認")}}}}},
			{"type": "rich_text_quote", "elements": []obj{{"type": "text", "text": b.tr("numbers first", "まず数字から")}}},
			{"type": "rich_text_preformatted", "elements": []obj{{"type": "text", "text": "SELECT 1"}}}}},
		obj{"type": "table", "rows": [][]obj{
			{{"type": "raw_text", "text": b.tr("Day", "日")}, {"type": "raw_text", "text": b.tr("Players", "人数")}},
			{{"type": "raw_text", "text": "2026-12-01"}, {"type": "raw_text", "text": "31 024"}}},
			"column_settings": []obj{{"align": "left"}, {"align": "right"}}},
		obj{"type": "markdown", "text": b.tr("**Markdown** with a [link](https://example.com) and `code`", "**Markdown** の[リンク](https://example.com)と `code`")},
		obj{"type": "alert", "text": plainText(b.tr("the page doesn't know this one", "このページが知らないブロック")), "level": "warning"},
	)
	b.as(b.asker, "help-data")
	b.see(".message .header", "📊")
	b.see(".message .fields", "31 024")
	b.see(".message .nopicture", b.tr("Players by day", "日別プレイヤー数"))
	b.see(".message ol li", b.tr("ask the studio", "スタジオへの確認"))
	b.see(".message td.right", "31 024")
	b.see(".message .markdown strong", "Markdown")
	b.see(".message pre.unknown", `"type": "alert"`, `"level": "warning"`)
	b.look("blocks")
}
