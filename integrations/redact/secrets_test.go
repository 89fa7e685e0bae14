package redact

import (
	"strings"
	"testing"
)

// fill returns n characters of alphabet that look random, the same each time for one seed.
func fill(n int, alphabet string, seed uint64) string {
	var b strings.Builder
	for range n {
		seed = seed*6364136223846793005 + 1442695040888963407
		b.WriteByte(alphabet[(seed>>33)%uint64(len(alphabet))])
	}
	return b.String()
}

const (
	hexDigits = "0123456789abcdef"
	upper32   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	alnum     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64s   = alnum + "+/"
)

func newRedactor(t testing.TB) *Redactor {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pem returns a key of the given label, as lines.
func pem(label string, seed uint64) string {
	var b strings.Builder
	b.WriteString("-----BEGIN " + label + "-----\n")
	for i := range uint64(12) {
		b.WriteString(fill(64, base64s, seed+i) + "\n")
	}
	b.WriteString(fill(30, base64s, seed+99) + "==\n-----END " + label + "-----")
	return b.String()
}

func serviceAccount(seed uint64) (object, keyID, body string) {
	keyID = fill(40, hexDigits, seed)
	body = fill(64, base64s, seed+1)
	object = `{
  "type": "service_account",
  "project_id": "acme-analytics",
  "private_key_id": "` + keyID + `",
  "private_key": "-----BEGIN ` + `PRIVATE KEY-----\n` + body + `\n` + fill(64, base64s, seed+2) + `\n-----END ` + `PRIVATE KEY-----\n",
  "client_email": "etl@acme-analytics.iam.gserviceaccount.com",
  "client_id": "104857600000000000001",
  "token_uri": "https://oauth2.googleapis.com/token",
  "universe_domain": "googleapis.com"
}`
	return object, keyID, body
}

// taken are texts with a secret in double angle brackets, which the text itself doesn't have, by what they show.
// A second pair is a second secret.
func taken() map[string]string {
	aws := "AKIA" + fill(16, upper32, 7)
	github := "ghp_" + fill(36, alnum, 8)
	jwt := "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ" + fill(60, alnum, 9) + "." + fill(43, alnum, 10)
	api := fill(40, alnum, 11)
	return map[string]string{
		"an AWS key":                                  "my key is ⟪" + aws + "⟫ please",
		"an AWS key before a full stop":               "it is ⟪" + aws + "⟫.",
		"a GitHub token in brackets":                  "use it (⟪" + github + "⟫)",
		"a GitHub token before a comma":               "token ⟪" + github + "⟫, then",
		"a GitHub token beside gitleaks:allow":        "x = ⟪" + github + "⟫ # gitleaks:allow",
		"a JWT":                                       "curl with ⟪" + jwt + "⟫",
		"a JWT before a Japanese stop":                "これです：⟪" + jwt + "⟫。",
		"a key with a zero-width space inside":        "⟪" + aws[:9] + "\u200b" + aws[9:] + "⟫",
		"a key with a soft hyphen inside":             "⟪" + aws[:9] + "\u00ad" + aws[9:] + "⟫",
		"a key with bold inside":                      "⟪" + aws[:6] + "*" + aws[6:12] + "*" + aws[12:] + "⟫",
		"a key with strike and code inside":           "⟪" + aws[:6] + "~" + aws[6:12] + "`" + aws[12:] + "⟫",
		"a key with italics inside":                   "⟪" + aws[:6] + "_" + aws[6:12] + "_" + aws[12:] + "⟫",
		"a GitHub token with italics inside":          "⟪" + github[:9] + "_" + github[9:20] + "_" + github[20:] + "⟫",
		"a key in fullwidth letters":                  "⟪" + wide(aws) + "⟫",
		"a key in a terminal's colours":               "\x1b[31m⟪" + aws + "⟫\x1b[0m",
		"a key after an invisible character":          "x\u200b⟪" + aws + "⟫",
		"a token broken over two lines":               "⟪" + github[:22] + "\n" + github[22:] + "⟫",
		"a token broken over two indented lines":      "⟪" + github[:22] + "\n    " + github[22:] + "⟫",
		"a JWT broken over four lines":                "⟪" + jwt[:40] + "\n" + jwt[40:80] + "\n" + jwt[80:120] + "\n" + jwt[120:] + "⟫",
		"a bot token of Slack":                        "SLACK: ⟪" + "xoxb-" + "123456789012-1234567890123-" + fill(24, alnum, 3) + "⟫",
		"an app token of Slack":                       "⟪" + "xapp-" + "1-A0123456789-1234567890123-" + fill(64, hexDigits, 3) + "⟫",
		"a password in English":                       "The password is ⟪Tanuki!2024⟫, thanks",
		"a password that begins with a year":          "password: ⟪2024spring⟫",
		"a password that begins with digits":          "DB_PASSWORD=⟪123abc⟫",
		"a Japanese password that begins with digits": "初期パスワードは⟪0401tanaka⟫です",
		"a password in JSON that begins with digits":  `{"user":"etl","password":"⟪0401tanaka⟫"}`,
		"a password with a word before it":            "the db password is now ⟪tanuki2024⟫",
		"a password for something":                    "password for the prod db is ⟪kaki-2024x⟫",
		"a password with a remark":                    "password (staging): ⟪tanuki99⟫",
		"a password after a colon":                    "password: ⟪sunshine⟫",
		"a password at the end of a line":             "user: bob\npassword: ⟪sunshine⟫\nhost: db",
		"a password on the next line":                 "password:\n⟪tanuki99⟫",
		"a password in bold":                          "*password*: *⟪tanuki99⟫*",
		"a password as code":                          "password: `⟪tanuki99⟫`",
		"a password in fullwidth":                     "ｐａｓｓｗｏｒｄ：⟪tanuki99⟫",
		"a password in fullwidth as well":             "パスワード：⟪ｔａｎｕｋｉ９９⟫",
		"pass":                                        "user: svc_etl pass: ⟪k4ki&mikan⟫",
		"pw":                                          "pw=⟪mikan4ever⟫",
		"pwd beside":                                  "ID:bob PW:⟪mikan4ever⟫",
		"a password beside the word":                  "login etl, password ⟪Mikan4ever!⟫",
		"a password to change to":                     "I changed the password to ⟪mikan4ever⟫",
		"an environment variable":                     "export DB_PASSWORD=⟪mikan⟫",
		"a token of an environment variable":          "export FOO_TOKEN=⟪a81jjs92kk⟫",
		"a short api key":                             "api_key: ⟪a81jjs92⟫",
		"a password in JSON":                          `{"user":"bob","password":"⟪mikan⟫","port":5432}`,
		"a password in escaped JSON":                  `"{\"user\":\"bob\",\"password\":\"⟪mikan99⟫\",\"port\":5432}"`,
		"a password in YAML":                          "db:\n  user: bob\n  password: '⟪m i k a n 9⟫'\n",
		"a password in XML":                           "<user>bob</user><password>⟪mikan99⟫</password>",
		"a password in properties":                    "spring.datasource.password=⟪mikan99⟫\nspring.x=1",
		"a connection string":                         "Server=db1;User Id=sa;Password=⟪My$ecret1⟫;Encrypt=true",
		"a connection string with Pwd":                "Driver={x};Server=db1;Uid=sa;Pwd=⟪My$ecret1⟫;",
		"a JDBC address":                              "jdbc:mysql://db1/sales?user=bob&password=⟪mikan99⟫&useSSL=false",
		"a JDBC address of Oracle":                    "jdbc:oracle:thin:scott/⟪tiger⟫@//db1:1521/orcl",
		"an address of Postgres":                      "postgres://etl:⟪mikan⟫@db1.acme.internal:5432/sales",
		"an address with signs in the password":       "postgresql://etl:⟪p@ss:w0rd⟫@db1/sales?sslmode=require",
		"an address of MongoDB":                       "mongodb+srv://bob:⟪mikan99⟫@cluster0.example.net/?w=1",
		"an address of a proxy":                       "https_proxy=http://bob:⟪mikan⟫@proxy:3128",
		"a token in an address":                       "git clone https://⟪a81jjs92kkd8s8s7s6s5⟫@git.acme.internal/x.git",
		"an option":                                   "mysqldump --password=⟪mikan⟫ sales",
		"an option with a blank":                      "loader --user bob --password ⟪mikan99⟫ --table t",
		"mysql -p":                                    "mysql -u root -p⟪mikan⟫ sales",
		"mysql -p with a blank":                       "mysql -u root -p ⟪mikan99⟫",
		"docker login":                                "docker login -u bob -p ⟪mikan99x⟫ registry",
		"an option with a word":                       "wget --user bob --password ⟪mikan⟫ https://files.acme.example/x.csv",
		"an option with a word before a name":         "docker login --username bob --password ⟪mikan⟫ registry",
		"an option with a word at the end":            "airflow connections add x --conn-login etl --conn-password ⟪mikan⟫",
		"an option of PowerShell":                     "Connect-X -Username bob -Password ⟪mikan⟫",
		"a pass phrase of gpg":                        "gpg --batch --passphrase ⟪mikan⟫ -d x.gpg",
		"mysql -p in quotes":                          `mysqldump -u root -p"⟪mi kan⟫" sales > x.sql`,
		"docker login with a word":                    "docker login registry.acme.example -u bob -p ⟪mikan⟫",
		"sshpass with a word":                         "sshpass -p ⟪mikan⟫ ssh bob@db1",
		"redis-cli with a word":                       "redis-cli -h cache1 -a ⟪mikan⟫",
		"ldapsearch with a word":                      "ldapsearch -x -D cn=admin -w ⟪mikan⟫ -b dc=acme",
		"sqlcmd":                                      `sqlcmd -S sql1 -U sa -P ⟪mikan⟫ -Q "select 1"`,
		"az login":                                    "az login --service-principal -u loader -p ⟪Mikan~tea8⟫ --tenant acme",
		"beeline":                                     "beeline -u jdbc:hive2://h1:10000 -n etl -p ⟪Mikan2024⟫",
		"unzip":                                       "unzip -P ⟪mikan⟫ a.zip",
		"unzip with digits":                           "unzip -P ⟪4821⟫ a.zip",
		"7z":                                          "7z x a.7z -p⟪mikan⟫",
		"putty":                                       "putty -ssh bob@db1 -pw ⟪mikan⟫",
		"openssl":                                     "openssl pkcs12 -in a.p12 -passin pass:⟪mikan⟫",
		"htpasswd":                                    "htpasswd -b .htpasswd bob ⟪mikan⟫",
		"lftp":                                        "lftp -u bob,⟪mikan⟫ sftp://sftp.acme.example",
		"smbclient":                                   "smbclient //srv1/sales -U 'bob%⟪mikan⟫'",
		"cmdkey":                                      "cmdkey /add:srv1 /user:bob /pass:⟪mikan⟫",
		"net user":                                    "net user bob ⟪Mikan2024⟫ /add",
		"a drive of Windows and a word":               `net use Z: \\srv1\sales /user:bob ⟪MIKANTEA⟫`,
		"a drive of Windows, a word before a name":    `net use Z: \\srv1\sales ⟪mikantea⟫ /user:bob`,
		"a drive of Windows, kept":                    `net use \\srv1\sales /user:ACME\bob ⟪mikantea⟫ /persistent:yes`,
		"a drive of Windows, escaped":                 `net use Z: \\\\srv1\\sales /user:bob ⟪mikantea⟫`,
		"what sudo is given":                          "echo '⟪mikan⟫' | sudo -S systemctl restart loader",
		"what docker is given":                        `echo "⟪mikan⟫" | docker login -u bob --password-stdin registry`,
		"sqlplus without a database":                  "sqlplus -s 'etl/⟪mikan2024⟫'",
		"expdp":                                       "expdp etl/⟪mikan⟫@db1 schemas=sales",
		"connect in SQL":                              "CONNECT etl/⟪mikan⟫@db1",
		"identified by":                               "CREATE USER etl IDENTIFIED BY '⟪mikan⟫'",
		"a password in SQL":                           "ALTER USER etl WITH PASSWORD '⟪Mikan99⟫'",
		"a bearer token":                              "Authorization: Bearer ⟪" + api + "⟫",
		"a basic header":                              "Authorization: Basic ⟪Ym9iOm1pa2FuOTk=⟫",
		"a header in curl":                            `curl -H "Authorization: Bearer ⟪` + api + `⟫" https://x`,
		"a cookie":                                    "Cookie: theme=dark; ⟪session=" + api + "⟫",
		"a key to encrypt with":                       "暗号化キー：⟪" + fill(11, alnum, 35) + "4⟫",
		"a key of a license":                          "license key: ⟪" + fill(11, alnum, 36) + "4⟫",
		"a key of HMAC":                               "hmac key: ⟪" + fill(15, alnum, 37) + "4⟫",
		"a variable with a key to encrypt with":       "ENCRYPTION_KEY=⟪" + fill(11, alnum, 38) + "4⟫",
		"a key of a Wi-Fi":                            "PSK: ⟪" + fill(11, alnum, 39) + "4⟫",
		"a shared key in Japanese":                    "VPNの事前共有鍵は ⟪" + fill(11, alnum, 40) + "4⟫ です",
		"a pair of Basic authorization":               "Basic認証 tanaka/⟪mikan2024⟫",
		"a pair of Basic authorization, told":         "ベーシック認証は tanaka:⟪mikan2024⟫ です",
		"a Japanese password, as always":              "パスワードはいつもの⟪mikan2024⟫です",
		"a Japanese password, still":                  "パスワードはまだ ⟪mikan2024⟫ のままです",
		"a Japanese password, surely":                 "パスワードはたしか⟪mikan2024⟫です",
		"a Japanese password behind a slash":          "ID／tanaka\nパスワード／⟪mikan2024⟫",
		"a Japanese password behind dots":             "パスワード・・・⟪mikan2024⟫",
		"a Japanese password behind a bar":            "パスワード ー ⟪mikan2024⟫",
		"a proxy without a scheme":                    "http_proxy=bob:⟪mikan⟫@proxy:8080",
		"a call that signs in":                        `smtp.login(user, "⟪mikan2024⟫")`,
		"a call that signs a name in":                 "ftp.login('bob','⟪mikan2024⟫')",
		"a password beside a command for secrets":     "gcloud secrets list && loader --password=⟪mikan⟫",
		"a password that begins with a sign":          "password: ⟪!mikan⟫",
		"a pair to login with":                        "I can't login with bob / ⟪Mikan2024!⟫",
		"a Japanese password behind an arrow below":   "パスワード\n→⟪Mikan2024⟫",
		"curl and a word":                             "curl -u etl:⟪mikan⟫ https://x",
		"curl and digits first":                       `curl --user "etl:⟪123abcd⟫" https://x`,
		"a proxy of curl":                             "curl -s -U etl:⟪mikan⟫ -x proxy:8080 https://x",
		"a key in brackets":                           "APIキー(⟪" + fill(15, alnum, 31) + "4⟫)が使えません",
		"a key in Japanese quotes":                    "トークン「⟪" + fill(15, alnum, 32) + "4⟫」が無効です",
		"a key below a heading":                       "【APIキー】\n⟪" + fill(15, alnum, 33) + "4⟫",
		"a short key beside the word":                 "my token ⟪" + fill(15, alnum, 34) + "4⟫ is rejected",
		"a password with a bracket":                   "password: ⟪mikan24(7⟫",
		"another password with a bracket":             "DB_PASSWORD=⟪Mikan2[tea⟫",
		"curl -u":                                     "curl -u ⟪bob:mikan99⟫ https://x",
		"an api key":                                  "DATADOG_API_KEY=⟪" + fill(32, hexDigits, 5) + "⟫",
		"a secret in base64":                          "AccountKey=⟪" + fill(86, base64s, 6) + "==⟫;EndpointSuffix=core",
		"an AWS secret":                               "aws_secret_access_key = ⟪" + fill(40, base64s, 12) + "⟫",
		"a signed address":                            "https://storage.example.com/x?X-Goog-Date=1&X-Goog-Signature=⟪" + fill(64, hexDigits, 4) + "⟫",
		"a private key":                               "key:\n⟪" + pem("RSA "+"PRIVATE KEY", 20) + "⟫\nthanks",
		"a private key without an end":                "⟪" + strings.TrimSuffix(pem("PRIVATE "+"KEY", 21), "-----END PRIVATE KEY-----") + "⟫",
		"a private key without a beginning":           "⟪" + strings.TrimPrefix(pem("PRIVATE "+"KEY", 22), "-----BEGIN PRIVATE KEY-----\n") + "⟫",
		"a private key in one line":                   `"⟪` + strings.ReplaceAll(pem("EC "+"PRIVATE KEY", 23), "\n", `\n`) + `⟫"`,
		"an OpenSSH key":                              "⟪" + pem("OPENSSH "+"PRIVATE KEY", 24) + "⟫",
		"a PGP key":                                   "⟪" + pem("PGP "+"PRIVATE KEY BLOCK", 25) + "⟫",
		"a Japanese password":                         "パスワードは⟪tanuki99⟫です。",
		"a Japanese password with a colon":            "パスワード：⟪tanuki⟫",
		"a Japanese password in quotes":               "パスワードは「⟪さくら2024⟫」です",
		"a Japanese password of letters in quotes":    "パスワードは「⟪sakura⟫」です",
		"a Japanese password with a remark":           "パスワード（本番環境）は ⟪Sakura#1⟫ です",
		"a Japanese password of something":            "パスワードの初期値は⟪sakura2024⟫になります",
		"a Japanese password changed":                 "パスワードを⟪sakura2024⟫に変更しました",
		"a Japanese password on the next line":        "パスワード：\n⟪sakura2024⟫\n",
		"a Japanese password in half width":           "ﾊﾟｽﾜｰﾄﾞ:⟪sakura2024⟫",
		"a Japanese password below":                   "パスワードは以下の通りです。\n⟪Sakura2024!⟫",
		"a Japanese password with hyphens":            "新しいパスワードは⟪Tokyo-2024-x⟫ です",
		"a Japanese password of letters":              "パスワードは⟪Sakura⟫です。",
		"a Japanese password without a particle":      "パスワード⟪Sakura99⟫です",
		"a login and its password":                    "login: bob / ⟪Spring2024!⟫",
		"a pair that somebody signed in with":         "I logged in with bob / ⟪Spring2024!⟫ and it hangs",
		"a pair of credentials":                       "creds are bob:⟪Spring2024!⟫ for now",
		"a pair of credentials in Japanese":           "ログイン情報は tanaka/⟪Haru2024!⟫ です",
		"a pass phrase":                               "pass phrase: ⟪zebra-umbrella-42⟫",
		"a pair to sign in with in Japanese":          "bob/⟪Spring2024!⟫ でログインできません",
		"a login and its password in Japanese":        "ログイン：bob.b@acme.example／⟪Spring2024!⟫",
		"a PIN in Japanese":                           "暗証番号は⟪4821⟫です",
		"a PIN in Japanese with a colon":              "暗証番号：⟪4821⟫",
		"a word for a path, and an ID behind":         "パス：⟪mikan⟫\nID：bob",
		"a word for a path, and an ID before":         "ID：bob　パス：⟪mikan⟫",
		"a word for a path, and digits":               "パス：⟪mikan2024⟫",
		"an environment of Kubernetes":                "env:\n- name: DB_PASSWORD\n  value: ⟪mikan⟫\n- name: X\n  value: y",
		"an environment of Kubernetes in quotes":      "        - name: API_TOKEN\n          value: \"⟪a81jjs92kk⟫\"",
		"a name and a value in JSON":                  `{"name": "DB_PASSWORD", "value": "⟪mikan⟫"}`,
		"a key and a value in XML":                    `<add key="DbPassword" value="⟪mikan⟫" />`,
		"a name and a value in XML":                   `<property name="password" value="⟪mikan tea⟫"/>`,
		"a property of Hadoop":                        "<name>javax.jdo.option.ConnectionPassword</name>\n  <value>⟪mikan⟫</value>",
		"a default of Terraform":                      "variable \"db_password\" {\n  type = string\n  default = \"⟪mikan⟫\"\n}",
		"an element of XML with a blank":              "<Password>⟪mikan teatime⟫</Password>",
		"a connection string with a blank":            "jdbc:sqlserver://sql1;user=sa;password=⟪Mikan teatime⟫;encrypt=true",
		"a connection string with braces":             "Driver={x};Uid=sa;Pwd={⟪Mi;kan2024⟫};Encrypt=yes",
		"a call that sets a password":                 `ds.setPassword("⟪mikan⟫");`,
		"a function of SQL":                           "SET PASSWORD FOR 'bob'@'%' = PASSWORD('⟪mikan⟫');",
		"a password of a user in SQL":                 "CREATE USER bob PASSWORD '⟪mikan⟫';",
		"a user mapping in SQL":                       "OPTIONS (user 'etl', password '⟪mikan⟫')",
		"identified by a word":                        "ALTER USER bob IDENTIFIED BY ⟪mikan⟫;",
		"arguments of a connection":                   `DriverManager.getConnection("jdbc:mysql://db1/sales", "etl", "⟪mikan⟫");`,
		"arguments of MySQLdb":                        `MySQLdb.connect("db1", "etl", "⟪mikan2024⟫", "sales")`,
		"a pair in Python":                            `requests.get(url, auth=("bob", "⟪Mikan99!⟫"))`,
		"basic authorization in Python":               "HTTPBasicAuth('bob', '⟪mikan⟫')",
		"a secure string":                             `(ConvertTo-SecureString "⟪mikan⟫" -AsPlainText -Force)`,
		"a pgpass file for all":                       "*:*:*:etl:⟪mikan2024⟫",
		"auth of docker":                              `{"auths":{"r.acme.example":{"auth":"⟪Ym9iOm1pa2FuOTk=⟫"}}}`,
		"auth of npm":                                 "_auth=⟪Ym9iOm1pa2FuOTk=⟫",
		"a private key in base64":                     "client-key-data: ⟪LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF" + fill(80, base64s, 14) + "⟫",
		"a private key in base64 of PKCS 8":           "tls.key: ⟪LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2" + fill(80, base64s, 15) + "⟫",
		"a table by semicolons":                       "user;password\nbob;⟪mikan99⟫\n",
		"a key of Spark":                              "spark.hadoop.fs.s3a.secret.key ⟪" + fill(40, alnum, 16) + "⟫",
		"a password of words":                         "password: ⟪correct horse battery staple⟫",
		"a password of words in a list":               "- DB password: ⟪correct horse battery staple⟫\n- user: bob",
		"a password of words in quotes":               `the password is "⟪correct horse battery staple⟫"`,
		"a pass phrase of words":                      "my passphrase is ⟪correct horse battery staple⟫",
		"a Japanese password of words":                "パスワード：⟪correct horse battery staple⟫",
		"a pw of digits":                              "pw is ⟪1234⟫",
		"a pw of letters":                             "zip pw: ⟪mikan⟫",
		"a pass of digits":                            "pass: ⟪4821⟫",
		"a pass below a user":                         "host: db1\nuser: etl\npass: ⟪mikan⟫\nport: 5432",
		"a pass of a profile of dbt":                  "      user: etl\n      pass: ⟪mikan⟫\n      dbname: sales",
		"a PW below an ID":                            "ID: bob\nPW: ⟪mikantea⟫",
		"a PW beside an ID without colons":            "ID　bob\nPW　⟪mikan2024⟫",
		"a pwd before a uid":                          "pwd: ⟪mikan⟫ ; uid: etl",
		"a password beside a login":                   "login bob, password ⟪mikan⟫",
		"a password that somebody signs in with":      "log in as bob with password ⟪mikan⟫",
		"a password and a user told":                  "sign in with user bob and password ⟪mikan2024⟫",
		"a netrc of words":                            "machine db1\n  login bob\n  password ⟪mikan⟫",
		"a password to use":                           "use password ⟪mikan2024⟫ for now",
		"a password that was tried":                   "I tried my password ⟪mikan2024⟫ three times",
		"a pass in a row":                             "host db1 / user etl / pass ⟪mikan2024⟫",
		"a password in brackets":                      "my password (⟪Mikan2024!⟫) does not work",
		"a password behind a dash":                    "Password - ⟪mikan2024⟫",
		"a password behind a long dash":               "password – ⟪Mikan2024⟫",
		"a password before the word":                  "it works with \"⟪Mikan2024!⟫\" as password",
		"a password changed from and to":              "changed the password from ⟪mikan2024⟫ to ⟪mikan2025⟫",
		"a password after an empty line":              "password:\n\n⟪Mikan2024!⟫",
		"a password in a block of code":               "Password:\n```\n⟪Mikan2024!⟫\n```",
		"a password below a bold word":                "**Password:** ⟪mikan2024⟫",
		"a misspelt password":                         "Pasword: ⟪mikan2024⟫",
		"another misspelt password":                   "passsword is ⟪mikan2024⟫",
		"p/w":                                         "p/w: ⟪mikan2024⟫",
		"pswd":                                        "pswd=⟪mikan2024⟫",
		"credentials with a slash":                    "The credentials are bob / ⟪mikan2024⟫",
		"user and password as words":                  "username/password: bob/⟪mikan⟫",
		"a Japanese password of digits beside":        "パスワード ⟪4821⟫",
		"a Japanese password beside":                  "パスワード　⟪mikan2024⟫",
		"a Japanese password in brackets":             "パスワード「⟪mikan2024⟫」でログインできません",
		"a Japanese password in round brackets":       "パスワード(⟪mikan2024⟫)を入れても入れません",
		"a Japanese password, letters in brackets":    "パスワード『⟪mikan⟫』でログインできません",
		"a Japanese password after an empty line":     "パスワードは下記です。\n\n⟪mikan2024⟫",
		"a Japanese password of kana and digits":      "パスワードは⟪みかん2024⟫です",
		"a Japanese password of kana":                 "パスワードは「⟪みかんのき⟫」です",
		"a Japanese password that was":                "パスワードは⟪Mikan⟫でした",
		"a Japanese password, please":                 "パスワードは⟪mikan⟫でお願いします",
		"a Japanese password from and to":             "DBのパスワードを⟪mikan2024⟫から⟪mikan2025⟫に変えました",
		"a Japanese password before the word":         "⟪mikan2024⟫というパスワードです",
		"a pair of a Japanese login":                  "ログイン情報：tanaka / ⟪mikan2024⟫",
		"a heading in brackets":                       "【ID】tanaka\n【パスワード】⟪sakura2024⟫",
		"a heading in brackets above":                 "【初期パスワード】\n⟪Sakura.2024⟫\nです",
		"a heading in brackets in a row":              "【ID】tanaka【PW】⟪sakura⟫【環境】本番",
		"a heading in pointed brackets":               "〈パスワード〉⟪sakura⟫",
		"a heading in square brackets":                "[ID] tanaka\n[PW] ⟪sakura2024⟫",
		"a password that is said to be it":            "⟪sakura2024⟫ がパスワードです",
		"a password that is said to be it, in quotes": "「⟪Sakura2024!⟫」がパスワードなのですが",
		"a password that was set":                     "⟪sakura2024⟫をパスワードに設定しました",
		"a password that was set as PW":               "⟪sakura2024⟫をPWに設定",
		"a password that is called one":               "⟪sakura2024⟫ というパスワードで入れません",
		"a Japanese login and PASS":                   "ログイン情報\nID：tanaka\nPASS：⟪mikan⟫",
		"a pair to sign in with, without signs":       "tanaka/⟪mikan2024⟫でログインできない",
		"a code of a PIN in Japanese":                 "PINコードは⟪4821⟫です",
		"a code by SMS in Japanese":                   "認証コード：⟪482913⟫",
		"a word between friends":                      "合言葉は⟪みかん2024⟫です",
		"a Japanese user and password":                "ユーザー名 tanaka パスワード ⟪mikan2024⟫",
		"four letters below a user":                   "[postgres]\nuser = etl\npassword = ⟪kaki⟫",
		"four letters in quotes":                      "mysql> SET PASSWORD = '⟪kaki⟫';",
		"four letters of a property":                  "spring.datasource.hikari.password: ⟪kaki⟫",
		"four letters in the next line":               "user bob\npassword ⟪kaki⟫",
		"a block of YAML":                             "password: |\n  ⟪kaki2024⟫",
		"a folded block of YAML":                      "password: >-\n  ⟪kaki2024⟫",
		"a parameter and its value":                   `{"ParameterKey":"DbPassword","ParameterValue":"⟪kaki2024⟫"}`,
		"an element with a name":                      `<connection-property name="password">⟪kaki⟫</connection-property>`,
		"a Japanese password, perhaps":                "パスワードは多分⟪kaki2024⟫です",
		"a Japanese password that was typed":          "パスワード欄に⟪kaki2024⟫と入れました",
		"a Japanese password as input":                "パスワード入力：⟪kaki2024⟫",
		"a Japanese PIN without a particle":           "暗証番号⟪4821⟫で開きます",
		"a pair that lets in":                         "tanaka：⟪Kaki2024!⟫ で入れます",
		"an api key in Japanese":                      "APIキーは⟪a81jjs92kk⟫です",
		"a token in Japanese":                         "トークン：⟪a81jjs92kk⟫",
		"ID and PW":                                   "ID：bob　PW：⟪sakura2024⟫",
		"a Markdown table of fields":                  "| user | bob |\n| password | ⟪mikan99⟫ |\n",
		"a Markdown table of rows":                    "| user | password |\n|---|---|\n| bob | ⟪mikan99⟫ |\n| eve | ⟪kaki88⟫ |\n",
		"a CSV":                                       "user,password,role\nbob,⟪mikan99⟫,admin\neve,⟪kaki88⟫,user\n",
		"tables under each other":                     "user,password\nbob,⟪mikan99⟫\nuser,password\neve,⟪kaki88⟫\n",
		"a table by tabs":                             "ユーザー\tパスワード\nbob\t⟪mikan99⟫\n",
		"a password wrapped as a placeholder":         "password: ⟪⟦withheld: hunter-two⟧⟫",
		"a token in a marker":                         "<!-- supportbot ticket=⟪" + github + "⟫ -->",
		"a password in a marker":                      "<!-- supportbot password=⟪mikan99⟫ -->",
		"a token in a link":                           "https://github.com/acme/⟪" + github + "⟫/issues/1",
		"a password in a link":                        "https://bob:⟪mikan99⟫@acme.slack.com/archives/C0123456789/p1712345678123456",
		"a token behind a link":                       "https://acme.slack.com/archives/C0123456789/p1712345678123456?⟪" + github + "⟫",
		"a Kubernetes secret":                         "apiVersion: v1\nkind: Secret\ndata:\n  ⟪pw: bWlrYW45OW1pa2Fu⟫\n",
		"a password and a user in one":                "ID/PW: ⟪bob/mikan99⟫",
		"a password and a user apart":                 "ID/PW: bob / ⟪mikan99⟫",
		"a password and a user in Japanese":           "ID・パスワードは tanaka と ⟪mikan99⟫ です",
		"a user name and a password":                  "my user name and password are bob and ⟪mikan99⟫",
		"a Japanese password after this":              "パスワードはこちらです → ⟪sakura2024⟫",
		"a Japanese password of four digits":          "パスワードは⟪4821⟫です",
		"a PIN beside the word":                       "PIN ⟪4821⟫ does not work",
		"a drive of Windows":                          `net use z: \\srv1\sales /user:bob ⟪Mikan99⟫`,
		"a drive of Windows, the user last":           `net use z: \\srv1\sales ⟪Mikan99⟫ /user:bob`,
		"a token beside the word":                     "curl fails with token ⟪" + api + "⟫",
		"an api key beside the word":                  "api key ⟪" + fill(32, hexDigits, 5) + "⟫ is refused",
		"a token beside the word in Japanese":         "トークン ⟪" + api + "⟫ が使えません",
		"an English word in Japanese":                 "client secret は ⟪" + api + "⟫ です",
		"an api key after this in Japanese":           "api key はこれです: ⟪" + fill(32, hexDigits, 5) + "⟫",
		"an API token of Jenkins":                     "curl --netrc bob:⟪11" + fill(32, hexDigits, 6) + "⟫@jenkins.acme.example",
		"a crumb of Jenkins":                          "Jenkins-Crumb: ⟪" + fill(64, hexDigits, 7) + "⟫",
		"a crumb of Jenkins in JSON":                  `{"crumb":"⟪` + fill(64, hexDigits, 7) + `⟫","crumbRequestField":"Jenkins-Crumb"}`,
		"an access token of Google":                   "gcloud printed ⟪ya29." + fill(120, alnum, 8) + "⟫",
		"a refresh token of Google":                   "⟪1//" + fill(40, alnum, 9) + "⟫",
		"a client secret of Google":                   "⟪GOCSPX-" + fill(28, alnum, 10) + "⟫",
		"a key of OpenAI":                             "⟪sk-proj-" + fill(100, alnum, 11) + "⟫",
		"a webhook of Discord":                        "https://discord.com/api/webhooks/123456789012345678/⟪" + fill(68, alnum, 12) + "⟫",
		"a netrc":                                     "machine db1 login bob password ⟪Mikan99⟫",
		"a pgpass file":                               "db1.acme.internal:5432:sales:etl:⟪mikan99⟫",
		"a password with gitleaks:allow":              "password=⟪mikan99⟫ gitleaks:allow",
		"a GitHub token in a Slack link":              "<https://x.example/?t=⟪" + github + "⟫|here>",
		"a key id of a service account in part":       `"private_key_id": "⟪` + fill(40, hexDigits, 77) + `⟫"`,
	}
}

// wide returns s in fullwidth characters.
func wide(s string) string {
	return strings.Map(func(r rune) rune { return r - '!' + 0xff01 }, s)
}

// unmark returns the text without the marks, and what is between them.
func unmark(marked string) (text string, secrets []string) {
	for {
		before, rest, ok := strings.Cut(marked, "⟪")
		text += before
		if !ok {
			return text, secrets
		}
		var secret string
		secret, marked, _ = strings.Cut(rest, "⟫")
		text += secret
		secrets = append(secrets, secret)
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	r := newRedactor(t)
	for name, marked := range taken() {
		t.Run(name, func(t *testing.T) {
			text, secrets := unmark(marked)
			got, found := r.String(text)
			if len(found) == 0 {
				t.Fatalf("nothing found in %q", text)
			}
			for _, s := range secrets {
				if leaks(got, s) {
					t.Errorf("%q\nbecame %q,\nwhich still has of %q", text, got, s)
				}
			}
			if again, more := r.String(got); again != got || len(more) > 0 {
				t.Errorf("redacting %q again gave %q", got, again)
			}
		})
	}
}

// leaks says whether text still has a run of a secret. A secret's own punctuation and short remains don't count.
func leaks(text, secret string) bool {
	const run = 5
	text = placeholderForm.ReplaceAllString(text, "")
	if len(secret) <= run {
		return strings.Contains(text, secret)
	}
	for i := 0; i+run <= len(secret); i++ {
		part := secret[i : i+run]
		if !strings.Contains("-----BEGIN PRIVATE KEY----- session=", part) && strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func TestAServiceAccountGoesWhole(t *testing.T) {
	r := newRedactor(t)
	object, id, body := serviceAccount(40)
	_, tail, _ := strings.Cut(object, `"project_id"`)
	head, _, _ := strings.Cut(object, "\\n-----END")
	for name, text := range map[string]string{
		"as it is":                   "here:\n" + object + "\nthanks",
		"in one line":                "here:\n" + strings.ReplaceAll(object, "\n", " ") + "\nthanks",
		"with real line ends inside": "here:\n" + strings.ReplaceAll(object, `\n`, "\n") + "\nthanks",
		"with Windows line ends":     "here:\n" + strings.ReplaceAll(object, "\n", "\r\n") + "\nthanks",
		"with typographic quotes":    "here:\n" + strings.ReplaceAll(object, `"`, "”") + "\nthanks",
		"escaped in a string":        "here:\n" + strings.ReplaceAll(strings.ReplaceAll(object, `\`, `\\`), `"`, `\"`) + "\nthanks",
		"without its beginning":      "here:\n" + tail + "\nthanks",
		"without its end":            "here:\n" + head,
	} {
		t.Run(name, func(t *testing.T) {
			got, found := r.String(text)
			for _, part := range []string{id, body[:20], body[30:60], "PRIVATE KEY"} {
				if strings.Contains(got, part) {
					t.Errorf("%q is still in %q", part, got)
				}
			}
			if len(found) != 1 || found[0] != "service-account-key" {
				t.Errorf("found %v in %q", found, got)
			}
			if want := "here:\n" + Placeholder("service-account-key") + "\nthanks"; name == "as it is" && got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestAServiceAccountsFieldsGoAlsoInAnotherOrder(t *testing.T) {
	body := fill(64, base64s, 41)
	text := `"client_email": "etl@acme.example", "client_id": "1048", "type": "service_account", "private_key": "-----BEGIN ` +
		`PRIVATE KEY-----\n` + body + `\n-----END ` + `PRIVATE KEY-----\n", "token_uri": "https://x.example"`
	got, found := newRedactor(t).String("here: " + text + " thanks")
	if want := "here: " + Placeholder("service-account-key") + " thanks"; got != want || len(found) != 1 {
		t.Errorf("got %q, %v, want %q", got, found, want)
	}
}

func TestSecretKeyOfAWSIsTakenOutBesideItsID(t *testing.T) {
	id, key := "AKIA"+fill(16, upper32, 7), fill(40, alnum, 8)
	for _, between := range []string{" ", ",", "\n", " / "} {
		if got, _ := newRedactor(t).String(id + between + key); strings.Contains(got, key) {
			t.Errorf("with %q between, the key is left: %s", between, got)
		}
	}
}
