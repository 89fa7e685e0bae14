// Package redact takes secrets out of text. It is the only maker of Text, the type that may leave Slack.
package redact
