package text

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

//go:embed emoji.txt
var emojiFile string

// slackEmoji maps the names that only Slack knows to their characters.
var slackEmoji = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(emojiFile) {
		if name, char, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			m[name] = char
		}
	}
	return m
})

// emoji makes an Inline of an emoji as Slack names it, "thumbsup" or "thumbsup::skin-tone-3".
func emoji(name string) Inline {
	in := Inline{Kind: Emoji, ID: name}
	name, tone, _ := strings.Cut(name, "::")
	if char, ok := slackEmoji()[name]; ok {
		in.Text = char + slackEmoji()[tone]
	} else if len(name) == len("flag-xx") && strings.HasPrefix(name, "flag-") {
		in.Text = countryFlag(name[len("flag-"):])
	}
	return in
}

// countryFlag returns the flag of a country by its two lower-case letters, empty if they are none.
func countryFlag(country string) string {
	var s strings.Builder
	for _, c := range []byte(country) {
		if c < 'a' || 'z' < c {
			return ""
		}
		s.WriteRune('🇦' + rune(c-'a'))
	}
	return s.String()
}

// emojiFromHex reads the field "unicode" of an emoji element, such as "1f44d-1f3fd"; empty if it isn't valid.
func emojiFromHex(hex string) string {
	var s strings.Builder
	for part := range strings.SplitSeq(hex, "-") {
		r, err := strconv.ParseUint(part, 16, 21)
		if err != nil || r < 0x20 || r > unicode.MaxRune {
			return ""
		}
		s.WriteRune(rune(r))
	}
	return clean(s.String())
}

// plainEmoji is what a reader sees of an emoji: the character, else its name.
func plainEmoji(in Inline) string {
	if in.Text != "" {
		return in.Text
	}
	name, _, _ := strings.Cut(in.ID, "::") // GitHub has no names with skin tones
	return ":" + name + ":"
}

// emojiAt returns the name of the emoji that starts at s[0] == ':', and the length it takes up; 0 if none does.
// A name with digits alone is one only if Slack has it, so that times of day stay times of day.
func emojiAt(s string) (name string, length int) {
	name, length = emojiName(s)
	if length == 0 {
		return "", 0
	}
	if tone := s[length:]; strings.HasPrefix(tone, ":skin-tone-") && len(tone) > 12 && tone[12] == ':' &&
		'2' <= tone[11] && tone[11] <= '6' {
		return name + ":" + tone[:12], length + 13
	}
	return name, length
}

const maxEmojiName = 100 // characters, Slack's limit for custom names

func emojiName(s string) (name string, length int) {
	runes, digitsOnly := 0, true
	for i, r := range s {
		if i == 0 {
			continue
		}
		if r == ':' {
			name = s[1:i]
			if name == "" || digitsOnly && name != "100" && name != "1234" {
				return "", 0
			}
			return name, i + 1
		}
		if runes++; runes > maxEmojiName || !isEmojiName(r) {
			return "", 0
		}
		if r < '0' || '9' < r {
			digitsOnly = false
		}
	}
	return "", 0
}

func isEmojiName(r rune) bool {
	return strings.ContainsRune("_+-'", r) || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' ||
		r >= 0x80 && (unicode.IsLetter(r) || unicode.IsMark(r))
}
