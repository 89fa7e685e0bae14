// A mention of the support group becomes an issue, and the thread is told its link. What is in hand when this
// process ends is lost, and what comes twice is done twice.
const { App, LogLevel } = require('@slack/bolt');
const http = require('node:http');

const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SUPPORT_GROUP, GITHUB_URL, GITHUB_TOKEN, REPOSITORY } = process.env;

const app = new App({
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: SLACK_API_URL },
});

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function createIssue(title, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${GITHUB_URL}repos/${REPOSITORY}/issues`, {
      agent,
      method: 'POST',
      headers: { authorization: `Bearer ${GITHUB_TOKEN}`, 'content-type': 'application/json', 'user-agent': 'bolt' },
    }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 201) {
          reject(new Error(`GitHub answered ${response.statusCode}`));
          return;
        }
        resolve(JSON.parse(Buffer.concat(chunks)));
      });
    });
    request.on('error', reject);
    request.end(JSON.stringify({ title, body, labels: ['support', 'medium:slack', 'turn:team'] }));
  });
}

app.message(`<!subteam^${SUPPORT_GROUP}>`, async ({ message, client }) => {
  const issue = await createIssue(message.text.split('\n')[0].slice(0, 80), message.text);
  await client.chat.postMessage({
    channel: message.channel,
    thread_ts: message.ts,
    text: `Thank you, received: <${issue.html_url}|#${issue.number}>`,
  });
});

app.start();
