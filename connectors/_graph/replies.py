"""Private replies on the Meta platforms: ``POST /{page or account}/messages`` to the id of a comment.

developers.facebook.com/docs/messenger-platform/discovery/private-replies and
developers.facebook.com/docs/messenger-platform/instagram/features/private-replies: one message to a comment, within
seven days. The older ``/{comment}/private_replies`` has been deprecated since v3.3.
"""

from __future__ import annotations

import json

from connectors._graph.api import Graph
from connectors._values import words
from connectors.contract import Malformed, PermissionLost, Unsupported

# "Activity already replied to", "can't reply to this activity", "this person isn't available right now"
NOT_TAKEN = frozenset({10900, 10903, 551})
WONT = (
    "{platform} takes no private message to this comment (error {code}): it takes one only, and not to every account."
)
NO_RIGHT = (
    "{platform} lets this token send no private message; give the app the permission {permission} and the account "
    "behind the token the task MESSAGING on the page."
)


def reply_privately(
    graph: Graph, sender: str, comment_id: str, text: str, *, platform: str, permission: str
) -> str | None:
    """Send one private reply as ``sender``, the page or account; the id of the message where Graph tells one."""
    form = {"recipient": json.dumps({"comment_id": comment_id}), "message": json.dumps({"text": text})}
    try:
        answer = graph.tell(f"{sender}/messages", form)
    except PermissionLost as error:
        sentence = NO_RIGHT.format(platform=platform, permission=permission)
        raise PermissionLost(sentence, exchange=error.exchange, **error.facts) from error
    except Malformed as error:
        if error.facts.get("code") in NOT_TAKEN:
            sentence = WONT.format(platform=platform, code=error.facts["code"])
            raise Unsupported(sentence, exchange=error.exchange, **error.facts) from error
        raise
    return words(answer.data.get("message_id"))
