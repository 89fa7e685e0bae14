package page

import (
	"regexp"
	"strings"
)

// emoji are the characters of the names that people and apps use most. Others are shown by their name.
var emoji = map[string]string{
	"+1": "👍", "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "eyes": "👀", "white_check_mark": "✅", "heavy_check_mark": "✔️",
	"tada": "🎉", "pray": "🙏", "bow": "🙇", "heart": "❤️", "fire": "🔥", "rocket": "🚀", "warning": "⚠️", "x": "❌",
	"question": "❓", "exclamation": "❗", "wave": "👋", "smile": "😄", "slightly_smiling_face": "🙂", "sweat_smile": "😅",
	"joy": "😂", "cry": "😢", "sob": "😭", "thinking_face": "🤔", "raised_hands": "🙌", "clap": "👏", "ok_hand": "👌",
	"hourglass": "⌛", "hourglass_flowing_sand": "⏳", "lock": "🔒", "unlock": "🔓", "key": "🔑", "mag": "🔍", "memo": "📝",
	"bulb": "💡", "bell": "🔔", "no_bell": "🔕", "calendar": "📅", "link": "🔗", "robot_face": "🤖", "construction": "🚧",
	"red_circle": "🔴", "large_green_circle": "🟢", "large_yellow_circle": "🟡", "large_blue_circle": "🔵", "rotating_light": "🚨",
	"arrows_counterclockwise": "🔄", "zzz": "💤", "100": "💯", "sparkles": "✨", "star": "⭐", "speech_balloon": "💬",
	"bar_chart": "📊", "chart_with_upwards_trend": "📈", "package": "📦", "wrench": "🔧", "hammer_and_wrench": "🛠️", "ticket": "🎫",
	"inbox_tray": "📥", "outbox_tray": "📤", "file_folder": "📁", "card_index_dividers": "🗂️", "video_game": "🎮", "coffee": "☕",
}

// quickReactions are offered below each message.
var quickReactions = []string{"+1", "eyes", "white_check_mark", "pray", "tada"}

// glyph is an emoji as it is shown.
func glyph(name string) string {
	base, _, _ := strings.Cut(name, "::") // without the tone of skin
	if char, ok := emoji[base]; ok {
		return char
	}
	return ":" + name + ":"
}

// anyShortcode is the name of an emoji in text.
var anyShortcode = regexp.MustCompile(`:[a-z0-9_+'-]+:`)

// emojiIn puts characters in the place of the names of emoji.
func emojiIn(text string) string {
	return anyShortcode.ReplaceAllStringFunc(text, func(name string) string { return glyph(strings.Trim(name, ":")) })
}
