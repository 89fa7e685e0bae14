package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// KeyFile is the kind of secret that a file is whose name says that it holds a key.
const KeyFile = "key-file"

// IsKeyFile says whether a file of this name, or of this MIME type, is there to hold keys or passwords.
func IsKeyFile(name, mimetype string) bool {
	if slices.Contains(keyTypes, strings.ToLower(mimetype)) {
		return true
	}
	name = strings.ToLower(strings.Map(visible, name))
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	for {
		if keyName.MatchString(name) && !publicKey.MatchString(name) {
			return true
		}
		inner := wrapping.ReplaceAllString(name, "")
		if inner == name {
			return false
		}
		name = inner
	}
}

// FileName is TypedString for the name of a file: what stands before the extension is a text of its own, in which "_" may
// stand for a space.
func (r *Redactor) FileName(name string) (clean string, kinds []string) {
	name = withoutPlaceholders([]string{name})[0]
	stem, extension := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		stem, extension = name[:dot], name[dot:]
	}
	for _, text := range []string{stem, strings.ReplaceAll(stem, "_", " ")} {
		if clean, kinds = r.String(text); len(kinds) > 0 {
			name = clean + extension
			break
		}
	}
	clean, more := r.String(name)
	return clean, append(kinds, more...)
}

// HoldsKey says whether what was found in a file makes it one that is there to hold a key.
func HoldsKey(kinds []string) bool {
	return slices.Contains(kinds, "private-key") || slices.Contains(kinds, "service-account-key")
}

// visible drops characters that don't show, such as a zero-width space.
func visible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// keyName matches names, in lower case, that tools give to files with keys and passwords.
var keyName = regexp.MustCompile(`^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?\b` +
	`|\.(?:pem|p12|pfx|ppk|p8|pk8|jks|jceks|bcfks|keystore|key|kdbx?|ovpn|agilekeychain)$` +
	`|^[._](?:netrc|pgpass|htpasswd|git-credentials|pypirc|dockercfg|dockerconfigjson)$` +
	`|^\.env(?:\..+)?$|^kubeconfig\b` +
	`|^(?:.*[-_. ])?credentials.*\.json$|^client[-_ ]?secret.*\.json$|service[-_ ]?account.*\.json$|[-_ ](?:key|keyfile)(?: ?\(\d+\))?\.json$`)

// publicKey matches the half of a key pair that is no secret.
var publicKey = regexp.MustCompile(`^id_[a-z0-9_]+\.pub\b`)

// wrapping matches what people and programs put behind a file's name.
var wrapping = regexp.MustCompile(`(?:\.(?:txt|bak|old|orig|tmp|log|gz|zip)| ?\(\d+\)|[ _-]copy)$`)

// keyTypes are the MIME types of files with keys
// (https://www.iana.org/assignments/media-types, and those in use without registration).
var keyTypes = []string{
	"application/x-pkcs12", "application/pkcs12", "application/pkcs8", "application/x-pem-file", "application/x-pem-key",
	"application/pgp-keys", "application/x-java-keystore", "application/x-java-jce-keystore", "application/x-keepass2",
}
