package redact

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestOrdinaryTalkIsLeftAlone(t *testing.T) {
	r := newRedactor(t)
	for name, text := range map[string]string{
		"a forgotten password":                  "I forgot my password",
		"a forgotten password in Japanese":      "パスワードを忘れました",
		"a page to sign in to":                  "https://bi.acme.example:8443/Dash2Board でログインできません",
		"a page to get in to":                   "console.acme.example/BigQuery2 で入れます",
		"a browser to sign in with":             "signed in with Chrome/Version120 on a Mac",
		"an address to sign in with":            "I logged in with account: bob1@acme.example",
		"credentials that don't work":           "creds are invalid: code500! login is broken: error500!",
		"what is seen after signing in":         "I logged in as admin: BigQuery2Go shows nothing",
		"an expired password":                   "my password is expired",
		"a required password":                   "The password is required.",
		"a masked password":                     "password=***",
		"a variable":                            "password: ${DB_PASSWORD}",
		"SQL for no password":                   "SELECT 1 FROM t WHERE password IS NULL",
		"a bind variable":                       "UPDATE t SET password = :password, token = ? WHERE id = 1",
		"a password in a vault":                 "the password is in 1Password",
		"a rule for passwords":                  "Password: must be at least 8 characters",
		"a rule for passwords in Japanese":      "パスワードは8文字以上、英数字2種類以上です",
		"a rule in quotes in Japanese":          "パスワードは「英数字8文字以上」です",
		"an amount of characters":               "password: 12chars at least, the old one was valid for 90days",
		"a time":                                "the password is 1h30m old",
		"a heading and a sentence":              "【パスワード】BigQueryにログインできません",
		"a heading and a name":                  "【PW】Tableau2023のパスワードを忘れました",
		"a heading of a screen":                 "[password] field2 is red, row[password] x2y3",
		"what is no password in Japanese":       "E1045 がパスワードエラーです。Looker7 をパスワードで保護しています",
		"a date in Japanese":                    "パスワードは2024年5月1日に変更しました",
		"digits of a PIN in Japanese":           "暗証番号は4桁です",
		"a result of tests":                     "pass: 120, fail: 3",
		"a test of Go":                          "--- PASS: TestLoad2 (0.01s)",
		"an idempotency key":                    "idempotency-key: 01HZX3M9Q4V7T2B8N6K5J1W0RD",
		"a trace id":                            "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
		"a cache key":                           "cache key: 9c1185a5c5e9fc54612808977ee8f548b2258d31",
		"a hash of git":                         "fixed in 9c1185a5c5e9fc54612808977ee8f548b2258d31",
		"a job of BigQuery":                     "key: bqjob_r1a2b3c4d5e6f7081_0000018f0a1b2c3d_1",
		"a token of a page":                     "next_page_token: CAoQAxpFCkMKHgoLb3JkZXJzXzIwMjQSD3Nh",
		"a public key":                          "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
		"a certificate":                         "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ1\n-----END CERTIFICATE-----",
		"talk of a private key":                 "Where do I put the private key of the service_account?",
		"talk of private_key_id":                "The JSON needs private_key, private_key_id and client_email.",
		"a port in an address":                  "https://registry.npmjs.org:443/@acme/keys",
		"a pattern of an address":               "postgres://user:password@host/db",
		"a variable in an address":              "postgres://etl:${PW}@db1/sales",
		"a tag of YAML":                         "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\npassword: !Ref DbPassword2",
		"a file of Grafana":                     `"password": "$__file{/etc/secrets/db2}"`,
		"a command that reads a password":       "DB_PASSWORD=`cat /run/secrets/db2`, PW=`gcloud secrets versions access 2 --secret=db2`",
		"a command that names a secret":         "export DB_PASSWORD=$(gcloud secrets versions access latest --secret=loader-db2)",
		"another password in Japanese":          "パスワードはSSO2のものと同じですか？",
		"who has a password in Japanese":        "PWはadmin2さんに聞いてください、パスワードはVault2にあります",
		"a way to sign in in Japanese":          "Basic認証は tanaka/suzuki のどちらですか？ ID／パスワード／OTP2のどれかが",
		"calls that sign in":                    `login(user, password="", retry=3), login(user, "db2.internal"), login("bob", "sales")`,
		"a proxy":                               "http_proxy=proxy2:8080, https_proxy: http://proxy:3128, proxy=user:<password>@proxy",
		"keys that are names":                   "license key: orders_2024, encryption key = projects/acme/keys/db2, signing key rotation v2024",
		"what to login with":                    "I can't login with Chrome/Version120 or Safari / iOS17",
		"curl with a variable":                  `curl -u "$USER:$TOKEN2" https://x; curl -u tanaka:<token> https://x; curl -u tanaka: https://x`,
		"a call with a number":                  `password = b64decode(x), password: keys[1], password = utf8_decode(y)`,
		"a port of docker":                      "docker run -p 8080:80 nginx",
		"a port of mysql":                       "mysql -P 3306 -u bob -p sales",
		"a prompt":                              "Enter password: ",
		"a header without a token":              "Authorization: Bearer <token>",
		"a realm":                               `WWW-Authenticate: Basic realm="Jenkins"`,
		"code that passes a password":           "connect(user=user, password=password, token=self.token)",
		"code that reads a password":            `password = os.environ["DB_PASSWORD"]`,
		"a struct":                              "type User struct {\n\tPassword string\n\tToken    string\n}",
		"a table's heading alone":               "| user | password | role |",
		"a table without passwords":             "| field | password |\n|---|---|\n| type | string |\n| required | yes |\n",
		"a placeholder of a token":              "xoxb-your-token-here",
		"a word for a path in Japanese":         "パスはsalesです",
		"a password's state in Japanese":        "パスワードはexpiredです",
		"where passwords are in Japanese":       "パスワードはVaultで管理しています",
		"a name of a screen in Japanese":        "パスワードResetPageを開きました",
		"a login and a date":                    "login: 2024/05/01, account: sales/2024",
		"a path of an account":                  "account: acme/analytics2024",
		"a path in Japanese":                    "ファイルのパスは /data/raw/2024/05/01.csv です",
		"a compass":                             "compass: n0rth42",
		"a number as long as a token":           "order 1145678901234567890123456789012345",
		"a place in a list":                     "next page token: CAoQAxpFCkMKHgoLb3JkZXJzXzIwMjQSD3Nh",
		"a place in a list in Japanese":         "page token は CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA です",
		"a handle of what runs":                 "cancellation token 8f14e45fceea167a5a36dedd4bea2543",
		"a name of a secret":                    "secret loader-prod-db-2024 not found in projects/acme/secrets/db-password-20241103",
		"a class in HTML":                       `class="sk-button sk-button-primary-large"`,
		"an error about a crumb":                "No valid crumb was included in the request for /ajaxExecutors by admin. Returning 403.",
		"talk of user names and passwords":      "username and password are required since v2, see account/password in LDAP2",
		"a word that ends like a name for ids":  "is it valid/password: what is on db2 v1",
		"where user names and passwords are":    "ユーザー名とパスワードは Vault と 1Password にあります",
		"a year in Japanese":                    "パスワードは2024年に変更",
		"a length of a PIN":                     "PIN 4桁",
		"an error of Windows":                   `net use z: \\srv1\sales returns System error 67 has occurred.`,
		"a drive of Windows without a password": `net use z: \\srv1\sales /user:bob *`,
		"a drive of Windows and its state":      `net use Z: \\srv1\sales /user:bob fails with error 1326`,
		"a drive of Windows and an option":      `net use Z: \\srv1\sales /user:bob /persistent:no`,
		"a drive of Windows to remove":          `net use Z: \\srv1\sales /delete`,
		"a drive of Windows in Japanese":        `net use Z: \\srv1\sales /user:bob で接続できません`,
		"a drive of Windows that asks":          `net use Z: \\srv1\sales /user:bob asks for a password`,
		"a user of Windows":                     "net user bob /domain shows that the account is locked",
		"a question about an option":            "what does --password mean? and --token works how?",
		"talk of a command":                     "docker login -p prints a warning",
		"talk of options":                       "use -u bob with the --password option instead",
		"a stdin for a password":                "echo done | tee log; echo \"$PW\" | docker login -u bob --password-stdin",
		"sqlplus without a password":            "sqlplus etl@db1, sqlplus / as sysdba, sqlplus /nolog",
		"a schema to connect to":                "connect etl/etl_schema to the dashboard",
		"an archive":                            "zip -r a.zip b; 7z x a.7z -p; unzip -P a.zip",
		"openssl with a variable":               "openssl pkcs12 -in a.p12 -passin pass:$PW -passout env:PW",
		"zero-width characters in plain words":  "Hel\u200blo wor\u200bld",
		"formatting in plain words":             "SELECT a*b FROM `x.y.z_2024`, ~ten~",
		"right-to-left text":                    "שלום עולם, \u200fמה שלומך",
		"control characters":                    "a\x00b\x01c\x1b[31mred\x1b[0m",
		"invalid UTF-8":                         "a\xffb\xc3",
	} {
		t.Run(name, func(t *testing.T) {
			got, found := r.String(text)
			if got != text || len(found) > 0 {
				t.Errorf("%q became %q, found %v", text, got, found)
			}
		})
	}
}

func TestASecretMaySpanParts(t *testing.T) {
	r := newRedactor(t)
	token := "ghp_" + fill(36, alnum, 8)
	for name, c := range map[string]struct{ parts, want []string }{
		"a token in bold from its fifth character": {
			[]string{"use ", token[:5], token[5:20], token[20:], " please"},
			[]string{"use ", Placeholder("github-pat"), "", "", " please"},
		},
		"a word and its password": {
			[]string{"パスワードは", "さむ", ":", "", "tanuki99", "です"},
			[]string{"パスワードは", "さむ", ":", "", "tanuki99", "です"},
		},
		"a bold word and its password": {
			[]string{"password", ": ", "tanuki99", "\n", "bye"},
			[]string{"password", ": ", Placeholder("password"), "\n", "bye"},
		},
		"two tokens in one part": {
			[]string{token + " and " + token, "!"},
			[]string{Placeholder("github-pat") + " and " + Placeholder("github-pat"), "!"},
		},
		"a separator that keeps them apart": {
			[]string{token[:20], " ", "x"},
			[]string{token[:20], " ", "x"},
		},
		"no parts": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := r.Strings(c.parts)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTextLeavesOurOwnFormsAlone(t *testing.T) {
	r := newRedactor(t)
	for name, text := range map[string]string{
		"a numbered placeholder":        "password: ⟦withheld 1: password⟧",
		"placeholders side by side":     "⟦withheld 1: password⟧⟦withheld 2: aws-access-token⟧",
		"a marker":                      "<!-- supportbot ticket=01HZX3M9Q4V7T2B8N6K5J1W0RD thread=T0123/C0123456789/1712345678.123456 v=1 -->",
		"a marker with a hash":          "<!-- supportbot ticket=9c1185a5c5e9fc54612808977ee8f548b2258d31 -->",
		"a permalink":                   "https://acme.slack.com/archives/C0123456789/p1712345678123456",
		"a permalink of a reply":        "https://acme.slack.com/archives/C0123456789/p1712345678123456?thread_ts=1712345678.123456&cid=C0123456789",
		"a permalink of the sandbox":    "http://127.0.0.1:40123/archives/C0000000001/p1712345678123456",
		"a link to an issue":            "https://github.com/acme/api-token-2024/issues/12",
		"a link to a comment":           "https://ghe.acme.internal/acme/analytics-support/issues/12#issuecomment-1712345678",
		"a link beside the word secret": "secret: https://acme.slack.com/archives/C0123456789/p1712345678123456",
	} {
		t.Run(name, func(t *testing.T) {
			if got := r.Text(text).String(); got != text {
				t.Errorf("%q became %q", text, got)
			}
		})
	}
}

func TestTextNumbersPlaceholders(t *testing.T) {
	r := newRedactor(t)
	got := r.Text("password is tanuki99! and パスワード：" + Placeholder("password") + " and " + Placeholder("private-key")).String()
	want := "password is ⟦withheld 1: password⟧ and パスワード：⟦withheld 2: password⟧ and ⟦withheld 3: private-key⟧"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := r.Text(got).String(); again != got {
		t.Errorf("once more gave %q", again)
	}
}

func TestPlaceholdersThatPeopleTypeAreLeftOut(t *testing.T) {
	r := newRedactor(t)
	deep := strings.Repeat("⟦with", 20) + strings.Repeat("held: text⟧", 20)
	for _, test := range []struct {
		name        string
		parts, want []string
	}{
		{"one of ours", []string{"hi ⟦withheld 2: password⟧."}, []string{"hi ."}},
		{"one that is nearly ours", []string{"hi ⟦withheld⟧ ⟦withheld: My Secret⟧."}, []string{"hi  ."}},
		{"one in two styles", []string{"hi ⟦with", "held: text⟧", "."}, []string{"hi ", "", "."}},
		{"one around another", []string{"hi ⟦with⟦withheld: text⟧held: text⟧."}, []string{"hi ."}},
		{"many around another", []string{"hi " + deep}, []string{"hi " + strings.ReplaceAll(strings.Repeat("⟦with", 12)+strings.Repeat("held: text⟧", 12), "⟦", "")}},
		{"one before a password", []string{"password: ⟦withheld: password⟧ tanuki99"}, []string{"password:  " + Placeholder("password")}},
		{"one in a password", []string{"password: tan⟦withheld: text⟧", "uki99"}, []string{"password: " + Placeholder("password"), ""}},
		{"other text in such brackets", []string{"⟦x⟧ is a set"}, []string{"⟦x⟧ is a set"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := r.Typed(test.parts)
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNoCharacterIsCut(t *testing.T) {
	r := newRedactor(t)
	for _, text := range []string{"パスワード；tanuki#9X", "パスワード！Tanuki99", "ｐａｓｓｗｏｒｄ＝＂tanuki99＂", "パスワード　＃Ｔａｎｕｋｉ９９"} {
		if got, found := r.String(text); len(found) == 0 || !utf8.ValidString(got) {
			t.Errorf("%q became %q, found %v", text, got, found)
		}
	}
}

func TestAPlaceholderHasOnlyAKnownKind(t *testing.T) {
	for _, text := range []string{"⟦withheld: Hunter2⟧", "⟦withheld: hunter2⟧", "⟦withheld 12345: password⟧", "⟦withheld: ⟧"} {
		if got := Number(text); got != text {
			t.Errorf("Number(%q) = %q", text, got)
		}
	}
	r := newRedactor(t)
	got, found := r.String("password: ⟦withheld: hunter-two⟧")
	if len(found) != 1 || strings.Contains(got, "hunter") {
		t.Errorf("got %q, found %v", got, found)
	}
}

func TestEachRuleCompiles(t *testing.T) {
	r := newRedactor(t)
	for _, rule := range r.rules {
		for _, k := range rule.keywords {
			if rule.find != nil {
				rule.find(k+" x", 0, len(k)+2) // panics if its pattern is wrong
			}
			if k != strings.ToLower(k) || len(k) < 2 {
				t.Errorf("%s has keyword %q", rule.kind, k)
			}
		}
		if len(rule.keywords) == 0 {
			t.Errorf("%s has no keywords", rule.kind)
		}
		if strings.Trim(rule.kind, "abcdefghijklmnopqrstuvwxyz-") != "" || rule.kind == "" {
			t.Errorf("kind %q", rule.kind)
		}
	}
}

func TestRulesOfOursAreTriedWhereTheirKeywordsStand(t *testing.T) {
	rules, err := passwordRules()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		if !rule.start {
			t.Errorf("a rule with the keywords %q searches all of a text", rule.keywords)
		}
	}
}

func TestARedactorIsSafeForConcurrentUse(t *testing.T) {
	r := newRedactor(t)
	lines, _ := corpus(t)
	text := strings.Join(lines[:50], "\n") + "\npassword: tanuki99"
	want, _ := r.String(text)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got, _ := r.String(text); got != want {
				t.Errorf("got %q", got)
			}
		})
	}
	wait.Wait()
}

// maxWork bounds the bytes that all rules together look at, per byte of text, whatever the text is.
const maxWork = 4000

func TestWorkIsLinearInHostileText(t *testing.T) {
	r := newRedactor(t)
	const size = 1 << 17
	hostile := map[string]string{
		"braces":            strings.Repeat("{", size),
		"private_key":       strings.Repeat(`"private_key":"`, size/15),
		"PEM beginnings":    strings.Repeat("-----BEGIN "+"PRIVATE KEY-----\n", size/28),
		"PEM ends":          strings.Repeat("-----END "+"PRIVATE KEY-----\n", size/26),
		"base64 lines":      strings.Repeat(fill(63, base64s, 1)+"\n", size/64),
		"curls":             strings.Repeat("curl ", size/5),
		"headings":          strings.Repeat("password,", size/9),
		"equal signs":       strings.Repeat("key=", size/4),
		"passwords":         strings.Repeat("password is ", size/12),
		"Japanese":          strings.Repeat("パスワード", size/15),
		"zero-width":        strings.Repeat("a\u200b", size/4),
		"formatting":        strings.Repeat("a*", size/2),
		"underscores":       strings.Repeat("a_1", size/3),
		"addresses":         strings.Repeat("http://a:", size/9),
		"placeholders":      strings.Repeat("⟦withheld: password⟧", size/25),
		"half placeholders": strings.Repeat("⟦withheld: ", size/13),
		"markers":           strings.Repeat("<!-- supportbot a=b ", size/20),
		"eyes":              strings.Repeat("ey ", size/3),
		"mysql":             strings.Repeat("mysql ", size/6),
		"account types":     strings.Repeat(`"type":"service_account"`, size/24),
		"headers":           strings.Repeat("authorization=", size/14),
		"cookies":           strings.Repeat("cookie: a=b;", size/12),
		"in brackets":       strings.Repeat("【パスワード】", size/21),
		"users of curl":     strings.Repeat("curl -u a:", size/10),
		"proxies":           strings.Repeat("proxy=a:", size/8),
		"calls":             strings.Repeat("login(a,", size/8),
	}
	for _, rule := range r.rules {
		k := rule.keywords[0]
		hostile["only "+k] = strings.Repeat(k+" ", size/16/(len(k)+1))
	}
	worst, total := "", 0
	for name, text := range hostile {
		s := scan{r: r, text: text}
		s.run()
		per := s.total / max(1, len(text))
		if per > total {
			worst, total = name, per
		}
		if per > maxWork {
			t.Errorf("%s: rules looked at %d bytes for each byte", name, per)
		}
	}
	t.Logf("at most %d bytes looked at for each byte of text (%s)", total, worst)
}

func TestRowsOfATableAreReadOnce(t *testing.T) {
	r := newRedactor(t)
	text := strings.Repeat("password,a\n", 4000)
	s := scan{r: r, text: text}
	s.run()
	for n, rule := range r.rules {
		if rule.findAll != nil && s.work[n] > 4*len(text) {
			t.Errorf("a rule for %s looked at %d bytes of %d", rule.kind, s.work[n], len(text))
		}
	}
}

func FuzzStrings(f *testing.F) {
	r := newRedactor(f)
	for name, marked := range taken() {
		text, _ := unmark(marked)
		f.Add(text, uint8(len(name)), uint8(7))
	}
	object, _, _ := serviceAccount(3)
	f.Add(object, uint8(30), uint8(3))
	planted := "AKIA" + fill(16, upper32, 1234) // not in any seed
	f.Fuzz(func(t *testing.T, text string, at, step uint8) {
		checkRedaction(t, r, text, cut(text, int(step)))
		i := min(int(at), len(text))
		with := text[:i] + " " + planted + " " + text[i:]
		out := checkRedaction(t, r, with, cut(with, int(step)))
		if strings.Contains(out, planted) {
			t.Errorf("%q still has the key: %q", with, out)
		}
	})
}

// cut cuts text into parts of n bytes.
func cut(text string, n int) []string {
	var parts []string
	for n > 0 && len(text) > n {
		parts = append(parts, text[:n])
		text = text[n:]
	}
	return append(parts, text)
}

// checkRedaction checks what holds for all text, and returns what is left of it.
func checkRedaction(t *testing.T, r *Redactor, text string, parts []string) string {
	t.Helper()
	out, found := r.Strings(parts)
	left := strings.Join(out, "")
	if len(out) != len(parts) {
		t.Fatalf("%d parts became %d", len(parts), len(out))
	}
	if len(found) == 0 && left != text {
		t.Fatalf("%q became %q without a finding", text, left)
	}
	if whole, _ := r.String(text); whole != left {
		t.Fatalf("parts gave %q, the whole %q", left, whole)
	}
	if utf8.ValidString(text) && !utf8.ValidString(left) {
		t.Fatalf("%q became %q, which cuts a character", text, left)
	}
	if again, more := r.String(left); again != left || len(more) > 0 {
		t.Fatalf("%q became %q, and that %q (%v)", text, left, again, more)
	}
	if one := r.Text(text).String(); one != Number(one) {
		t.Fatalf("numbering %q again gave %q", one, Number(one))
	}
	return left
}

func ExampleRedactor_String() {
	r, err := New()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.String("パスワードは「さくら2024」です"))
	// Output: パスワードは「⟦withheld: password⟧」です [password]
}

func TestASecretIsCalledWhatItIs(t *testing.T) {
	r := newRedactor(t)
	random := fill(18, alnum, 7) + "a1"
	for text, want := range map[string]string{
		"password=" + random:                      "password",
		"DB_PASSWORD: " + random:                  "password",
		"api_key=" + random:                       "api-key",
		"password=ghp_" + fill(36, alnum, 8):      "github-pat",
		"パスワード：AKIA" + fill(16, upper32, 9) + "。": "aws-access-token",
	} {
		if _, found := r.String(text); len(found) != 1 || found[0] != want {
			t.Errorf("%s: %v, want one %s", text, found, want)
		}
	}
}
