package text

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Title returns the title a person would give: the first meaningful line of d, without the mentions of ids,
// with links and code reduced to words, in at most max characters (Unicode code points). Code or a quotation is taken
// only if there is nothing beside it, and a line that only greets, thanks or announces what follows only if nothing
// else was said at all. The title is empty if it would have no letter or digit.
//
// Titles know no code, so "@" and "#" that mails and replies could take for references are followed by a
// zero-width space.
func (d Doc) Title(n Names, max int, ids ...string) string {
	subject, greeting := d.firstLines(n, ids)
	return cut(defuse(cmp.Or(subject, greeting)), max)
}

// Subject returns the title of d, empty if it would only greet.
func (d Doc) Subject(n Names, max int, ids ...string) string {
	subject, _ := d.firstLines(n, ids)
	return cut(defuse(subject), max)
}

// firstLines returns the first meaningful line of d, and the first greeting before it.
func (d Doc) firstLines(n Names, ids []string) (subject, greeting string) {
	for _, wanted := range []func(Block) bool{isOwnText, Block.quoted, isOwnCode} {
		line, greets := d.firstLine(n, ids, wanted)
		greeting = cmp.Or(greeting, greets)
		if line != "" {
			return line, greeting
		}
	}
	return "", greeting
}

func isOwnText(b Block) bool { return b.Kind != Code && !b.quoted() }
func isOwnCode(b Block) bool { return b.Kind == Code && !b.quoted() }

// maxTitleLine is how many bytes of a line are looked at: more than any title and the greetings before it.
const maxTitleLine = 4000

// firstLine returns the first meaningful line of the blocks that are wanted, and the first greeting before it.
func (d Doc) firstLine(n Names, ids []string, wanted func(Block) bool) (subject, greeting string) {
	for _, b := range d {
		if !wanted(b) {
			continue
		}
		for line := range strings.SplitSeq(b.words(n, ids), "\n") {
			line = honorific.ReplaceAllString(cleanLine(line[:min(len(line), maxTitleLine)]), gone)
			rest := afterGreeting(line)
			if greeting != "" { // on a line of its own: the name follows it
				rest = afterIntroduction(rest)
			}
			if rest = bare(finish(rest)); hasWord(rest) && !label.MatchString(rest) && !announcement.MatchString(rest) {
				return rest, greeting
			}
			if line = finish(tidy(line)); greeting == "" && hasWord(line) {
				greeting = line
			}
		}
	}
	return "", greeting
}

// gone stands in a line where a mention was left out, so that what belonged to it can be left out too.
const gone = "\uFFFC"

// words returns the text of b in words: without emoji names, and without mentions of ids and calls to all, which are
// gone.
func (b Block) words(n Names, ids []string) string {
	var s strings.Builder
	for _, in := range b.Inlines {
		switch {
		case in.Kind == Broadcast, (in.Kind == User || in.Kind == Group) && slices.Contains(ids, in.ID):
			s.WriteString(" " + gone + " ")
		case in.Kind == Emoji:
			s.WriteString(cleanLine(in.Text) + " ")
		case in.Kind == Link && (in.label() == "" || bareURL.MatchString(in.label())):
			s.WriteString(host(in.URL))
		case in.Kind == Link:
			s.WriteString(in.label())
		default:
			s.WriteString(in.visible(n))
		}
	}
	if !strings.Contains(s.String(), "://") {
		return s.String()
	}
	return bareURL.ReplaceAllStringFunc(s.String(), host)
}

var (
	bareURL  = regexp.MustCompile(`\bhttps?://(?:[^\s<>"'()⟦⟧/]{0,100}⟦[^⟦⟧\n]{1,100}⟧@)?[^\s<>"'()⟦⟧、。「」（）]+`)
	withUser = regexp.MustCompile(`^(https?://)[^/?#]*@`)
)

// host returns the host of an address; the address itself if it has none, without "mailto:".
func host(address string) string {
	u, err := url.Parse(withUser.ReplaceAllString(address, "$1")) // a withheld password would make it no address
	if err != nil || u.Hostname() == "" {
		return strings.TrimPrefix(cleanLine(address), "mailto:")
	}
	return u.Hostname()
}

// tidy folds white space and drops from the start what says nothing: punctuation that a mention or greeting leaves,
// emoji, and what sets off a line.
func tidy(line string) string { return atStart.ReplaceAllString(cleanLine(line), "") }

var atStart = regexp.MustCompile(`^(?:[ ,:;!?、。，：；！？…` + gone + emojiSigns + `]|[.~*#>–—-]+ |[0-9]{1,2}[.)] |[・•■□◆◇▼▶→⇒※])+`)

// finish drops what mentions leave in line, and what is open at its end.
func finish(line string) string {
	if strings.Contains(line, gone) {
		line = besideMention.ReplaceAllString(line, " ")
		line = mentionBefore.ReplaceAllString(line, "$1")
		line = tidy(strings.ReplaceAll(line, gone, " "))
	}
	return openEnd.ReplaceAllString(line, "")
}

var (
	// besideMention matches mentions with the brackets around them or the "cc" before them.
	besideMention = regexp.MustCompile(`(?i)[([（]\s*(?:/?cc[:：]?\s*)?` + gone + `[\s,、` + gone + `]*[)\]）]` +
		`|[\s,、]*/?\bcc[:：]?\s*` + gone + `[\s,、` + gone + `]*$`)
	mentionBefore = regexp.MustCompile(`\s*` + gone + `[\s` + gone + `]*([.,!?:;、。！？：；…)）])`)
	openEnd       = regexp.MustCompile(`(?:[\s,:;、，：；]|\s[-–—|/&(（[「『【]+)+$`)
)

func hasWord(s string) bool { return strings.ContainsFunc(s, isLetterOrDigit) }

// Greetings and other courtesies that open a message without saying what it is about. An English one must end in
// punctuation, an emoji or with the line; a Japanese one is followed by anything but more of the word.
var (
	englishGreeting = regexp.MustCompile(`(?i)^(?:(?:hi|hello|hey|hiya|dear|(?:good )?(?:morning|afternoon|evening)|good day|greetings|` +
		`thanks|thank you|many thanks|thx|sorry|excuse me|sorry (?:to bother|for bothering)(?: you)?|quick question|` +
		`(?:i )?hope you(?:['’]re| are) (?:all )?(?:doing )?well|(?:i )?hope this (?:message )?finds you (?:all )?well|` +
		`please help(?: me)?|help(?: me)?(?: please)?)` +
		`(?: there| in advance| so much| a lot)?(?: (?:the )?(?:[a-z]+ ){0,3}?` + team + `)?` +
		`(?: *[,.!?:;…–—` + emojiSigns + `-]+|$)|(?:hi|hello|hey|dear) ` + person + `(?: ` + person + `)?,|` + team + `[,.!:])`)
	japaneseGreeting = regexp.MustCompile(`^(?:(?:いつも|大変|たいへん)*(?:お世話に(?:なっております|なってます|なります)|おせわになっております|お世話(?:様|さま)です)|` +
		`(?:お疲れ|おつかれ|お疲)(?:様|さま|さん)?(?:で[ーっ]*す|でございます|でした)?|` +
		`(?:たびたび|度々|何度も|突然(?:のご連絡|のメッセージ)?(?:で)?|夜分(?:遅くに|に)?|休日に|お休みのところ|早朝(?:から|に))?` +
		`(?:すみません|すいません|申し訳(?:ありません|ございません)|失礼(?:します|いたします|致します))(?:が)?|` +
		`おはよう(?:ございます)?|こんにちは|こんばんは|(?:はじめ|初め)まして|恐れ入ります(?:が)?|恐縮ですが|` +
		`お忙しい(?:ところ|中)(?:、)?(?:大変)?(?:すみません|申し訳(?:ありません|ございません)|恐れ入ります|恐縮です|失礼します|失礼いたします)?(?:が)?|` +
		`(?:どうぞ|何卒)?(?:よろしく|宜しく)(?:お願い(?:します|いたします|致します|申し上げます))?|お願い(?:します|いたします|致します)|` +
		`(?:ご)?(?:質問|相談|お願い)(?:です|があります|がございます|させてください)|` +
		`(?:どうも)?(?:ありがとう|有難う)(?:ございます|ございました)?|(?:ご)?担当(?:者)?(?:様|さま)|(?:関係者)?各位|` +
		`(?:サポート|チーム|の)*(?:皆様|皆さま|皆さん|みなさま|みなさん)|(?:サポート)(?:チーム)?(?:様|さま|さん|の方)?)` +
		`(?:(?:[\s、。,.!！?？…〜～:：ー` + emojiSigns + `]|` + face + `)+|$)`)
)

const (
	team       = `(?:team|all|everyone|everybody|folks|guys|friends|support(?: team)?)`
	person     = `\pL[\pL'’.-]*`
	emojiSigns = `\x{2600}-\x{27BF}\x{1F000}-\x{1FAFF}\x{FE0F}\x{200D}`
	face       = `[m<]?[(（][\s_^;.・'*-]+[)）][m>]?` // such as m(_ _)m, which bows
)

// honorific matches how a team is addressed in Japanese after its mention, also with a question announced. What goes on as
// another sentence, as "@support さんに" does, is none.
var honorific = regexp.MustCompile(gone + `\s*(?:チーム)?の?(?:さん|様|さま|皆様|皆さま|皆さん|みなさま|みなさん|方々?|各位|御中|へ|宛)` +
	`(?:に(?:ご)?(?:質問|相談|お願い)(?:です|があります|がございます|させてください))?(?:[\s、。,.:：!！…]+|$)`)

// introduction matches the name that follows a Japanese greeting, as in お疲れ様です。開発部の田中です。
var introduction = regexp.MustCompile(`^(?:[^\s、。]{1,15}の|[^\s、。]{1,15}(?:部|課|室|社|係|店|チーム|グループ|センター) )?(?:\p{Han}{1,5})` +
	`(?:です|と申します|でございます)(?:[\s、。.!！]+|$)`)

// matter matches what is no name, though it stands where one may: お疲れ様です。本番の障害です。
var matter = regexp.MustCompile(`(?:件|障害|申請|報告|連絡|質問|相談|依頼|確認|対応|共有|不具合|停止|失敗|重複|遅延|削除|追加|変更|更新|再開|再送|復旧|続き)(?:です|でございます)`)

// afterIntroduction returns what follows the name of who writes.
func afterIntroduction(line string) string {
	name := introduction.FindString(line)
	if matter.MatchString(name) {
		return line
	}
	return tidy(line[len(name):])
}

// bare returns line without the label before a subject and the courtesy behind one.
func bare(line string) string {
	return courtesyBehind.ReplaceAllString(subjectLabel.ReplaceAllString(line, ""), "$1")
}

var (
	subjectLabel   = regexp.MustCompile(`(?i)^(?:【(?:件名|題名|タイトル)】|(?:件名|題名|タイトル|title|subject)\s*[:：])\s*`)
	courtesyBehind = regexp.MustCompile(`([。.!！?？…])\s*(?:(?:どうぞ|何卒)、?)?(?:よろしく|宜しく)お願い(?:します|いたします|致します|申し上げます)(?:[\s。.!！…` + emojiSigns + `]|` + face + `)*$`)
)

// label matches a line that is only the heading of what follows it.
var label = regexp.MustCompile(`(?i)^[\s【<＜[(（]*(?:urgent|asap|question|request|issue|problem|summary|description|subject|title|` +
	`(?:大?至急|緊急|(?:ご|お)?(?:質問|相談|願い|依頼|連絡|共有|報告|問い?合わせ)|件名|概要|事象|現象|内容|状況|背景)(?:内容|事項)?)[\s】>＞\])）:：.!！]*$`)

// announcement matches a line that only says that something follows.
var announcement = regexp.MustCompile(`(?i)^(?:(?:please )?see (?:below|(?:the )?attached|(?:the )?screenshot)|i have a (?:quick )?question|` +
	`(?:i['’]m )?(?:getting )?(?:this|the following) error|` +
	`(?:以下|下記|次|標題|標記|掲題|添付)(?:の(?:件|通り|とおり|内容))?(?:について|につき(?:まして)?|を)?、? *` +
	`(?:ご?(?:確認|対応|教示|検討)(?:の(?:程|ほど))?を?)?(?:お願い(?:し|いたし|致し)ます|ください|です)?|` +
	`(?:教えて(?:いただき|頂き)たい|ご?(?:質問|相談|確認)したい)ことが(?:あります|ございます))[\s。.:：!！、]*$`)

// afterGreeting returns what follows the greetings at the start of line.
func afterGreeting(line string) string {
	for {
		rest := tidy(afterMention(line))
		rest = tidy(englishGreeting.ReplaceAllString(rest, ""))
		if after := japaneseGreeting.ReplaceAllString(rest, ""); after != rest {
			rest = afterIntroduction(tidy(after))
		}
		if rest == line {
			return line
		}
		line = rest
	}
}

// afterMention returns what follows the first mention in line if only a greeting comes before it, as in
// "Hi @support can you help?".
func afterMention(line string) string {
	before, after, ok := strings.Cut(line, gone)
	if !ok || hasWord(before) && hasWord(afterGreeting(before)) {
		return line
	}
	return after
}

// inert matches a sign that could begin a reference, with what follows.
var inert = regexp.MustCompile(`(@)([A-Za-z0-9])|(#)([0-9])`)

func defuse(s string) string { return inert.ReplaceAllString(s, "$1$3\u200B$2$4") }

// cut shortens s to max characters: at a word, in Japanese at a character, never inside of what is seen as one
// character or of a placeholder.
func cut(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	const more = "…"
	end, word := 0, 0 // where the last unit ends that fits, and the last word
	for room := max - utf8.RuneCountInString(more); end < len(s); {
		unit := firstUnit(s[end:])
		if end > 0 && !(inWord(s[:end]) && inWord(unit)) {
			word = end
		}
		if room -= utf8.RuneCountInString(unit); room < 0 {
			break
		}
		end += len(unit)
	}
	if word < end/2 { // one long word
		word = end
	}
	head := strings.TrimRightFunc(s[:word], func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",.:;、。，．：；・([{「『（【", r)
	})
	if !hasWord(head) {
		return ""
	}
	return head + more
}

// firstUnit returns what must stay whole at the start of s: a placeholder, else what is seen as one character.
func firstUnit(s string) string {
	const maxPlaceholder = 100
	if strings.HasPrefix(s, "⟦") {
		if end := strings.Index(s[:min(len(s), maxPlaceholder)], "⟧"); end > 0 {
			return s[:end+len("⟧")]
		}
	}
	unit, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return unit
}

// inWord says whether s ends in a part of a word that is written without breaks, as those of Chinese and Japanese
// are not.
func inWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) &&
		(isWord(r) || strings.ContainsRune("_-'./\u200B@#", r))
}
