package text

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Title returns the title a person would give: the first meaningful line of d, without the mentions of ids,
// with links and code reduced to words, in at most max characters (Unicode code points). A line that only greets
// or thanks is taken only if nothing else was said, and code or a quotation only if there is nothing beside it.
// The title is empty if it would have no letter or digit.
//
// Titles know no code, so "@" and "#" that mails and replies could take for references are followed by a
// zero-width space.
func (d Doc) Title(n Names, max int, ids ...string) string {
	for _, wanted := range []func(Block) bool{isOwnText, Block.quoted, isOwnCode} {
		if line := d.firstLine(n, ids, wanted); line != "" {
			return cut(defuse(line), max)
		}
	}
	return ""
}

func isOwnText(b Block) bool { return b.Kind != Code && !b.quoted() }
func isOwnCode(b Block) bool { return b.Kind == Code && !b.quoted() }

// maxTitleLine is how many bytes of a line are looked at: more than any title and the greetings before it.
const maxTitleLine = 4000

// firstLine returns the first meaningful line of the blocks that are wanted; a greeting if there is no other.
func (d Doc) firstLine(n Names, ids []string, wanted func(Block) bool) string {
	greeting := ""
	for _, b := range d {
		if !wanted(b) {
			continue
		}
		for line := range strings.SplitSeq(b.words(n, ids), "\n") {
			line = tidy(line[:min(len(line), maxTitleLine)])
			if rest := tidy(afterGreeting(line)); hasWord(rest) {
				return rest
			}
			if greeting == "" && hasWord(line) {
				greeting = line
			}
		}
	}
	return greeting
}

// words returns the text of b in words: without mentions of ids, calls to all, and emoji names.
func (b Block) words(n Names, ids []string) string {
	var s strings.Builder
	for _, in := range b.Inlines {
		switch {
		case in.Kind == Broadcast, (in.Kind == User || in.Kind == Group) && slices.Contains(ids, in.ID):
			s.WriteByte(' ')
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

var bareURL = regexp.MustCompile(`\bhttps?://[^\s<>"'()⟦⟧、。「」（）]+`)

// host returns the host of an address; the address itself if it has none, without "mailto:".
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return strings.TrimPrefix(cleanLine(address), "mailto:")
	}
	return u.Hostname()
}

// tidy folds white space and drops the punctuation that a mention or greeting leaves at the start.
func tidy(line string) string {
	line = cleanLine(line)
	return strings.TrimLeft(listMark.ReplaceAllString(line, ""), " ,:;!?、。，：；！？…")
}

// listMark matches what sets off a line without saying anything.
var listMark = regexp.MustCompile(`^[ .,!~*#>–—-]+ `)

func hasWord(s string) bool { return strings.ContainsFunc(s, isLetterOrDigit) }

// Greetings and other courtesies that open a message without saying what it is about. An English one must end in
// punctuation or with the line; a Japanese one is followed by anything but more of the word.
var (
	englishGreeting = regexp.MustCompile(`(?i)^(?:(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening)|greetings|` +
		`thanks|thank you|many thanks|thx|sorry|excuse me|sorry (?:to bother|for bothering)(?: you)?|quick question|` +
		`(?:i )?hope you(?:'re| are) (?:all )?(?:doing )?well|please help(?: me)?|help(?: me)?(?: please)?)` +
		`(?: there| in advance| so much| a lot)?(?: (?:the )?(?:[a-z]+ )?(?:team|all|everyone|everybody|folks|guys|friends|support))?` +
		`(?: *[,.!?:;…–—-]+|$)|(?:hi|hello|hey|dear) \pL+(?: \pL+)?,)`)
	japaneseGreeting = regexp.MustCompile(`^(?:(?:いつも|大変|たいへん)*(?:お世話に(?:なっております|なってます|なります)|おせわになっております)|` +
		`(?:お疲れ|おつかれ|お疲)(?:様|さま|さん)?(?:です|でございます|でした)?|(?:たびたび|度々|何度も|突然|夜分|夜分遅くに|早朝から)?` +
		`(?:すみません|すいません|申し訳(?:ありません|ございません)|失礼(?:します|いたします|致します))(?:が)?|` +
		`おはよう(?:ございます)?|こんにちは|こんばんは|(?:はじめ|初め)まして|恐れ入ります(?:が)?|恐縮ですが|` +
		`お忙しい(?:ところ|中)(?:、)?(?:大変)?(?:すみません|申し訳(?:ありません|ございません)|恐れ入ります|恐縮です|失礼します|失礼いたします)?(?:が)?|` +
		`(?:どうぞ|何卒)?(?:よろしく|宜しく)(?:お願い(?:します|いたします|致します|申し上げます))?|お願い(?:します|いたします|致します)|` +
		`(?:どうも)?(?:ありがとう|有難う)(?:ございます|ございました)?|(?:ご)?担当(?:者)?(?:様|さま)|各位|` +
		`(?:サポート|チーム|の)*(?:皆様|皆さま|皆さん|みなさま|みなさん)|(?:サポート)(?:チーム)?(?:様|さま|さん|の方)?)` +
		`(?:[\s、。,.!！?？…〜～:：]+|$)`)
)

// introduction matches the name that follows a Japanese greeting, as in お疲れ様です。開発部の田中です。
var introduction = regexp.MustCompile(`^(?:[^\s、。]{1,15}の)?(?:\p{Han}{1,5})(?:です|と申します|でございます)(?:[\s、。.!！]+|$)`)

// afterGreeting returns what follows the greetings at the start of line.
func afterGreeting(line string) string {
	for {
		rest := tidy(englishGreeting.ReplaceAllString(line, ""))
		if after := japaneseGreeting.ReplaceAllString(rest, ""); after != rest {
			rest = tidy(introduction.ReplaceAllString(tidy(after), ""))
		}
		if rest == line {
			return line
		}
		line = rest
	}
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
