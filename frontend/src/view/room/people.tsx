/** The people of the room: who they are, whether they are here, following them, and for interviewers removing them. */
import { ROLES } from "../../../../protocol/ts/roles";
import type { Person } from "../../room/state";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { Menu } from "../parts/menu";
import { removePerson } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { presence } from "./top-bar";

export function People() {
  const desk = useDesk();
  const people = [...desk.model.people.values()].filter((person) => !person.removed).sort(order);
  const alone = people.filter((person) => person.online).length <= 1;
  return (
    <div class="people scroll">
      <ul>
        {people.map((person) => (
          <Row key={person.id} desk={desk} person={person} />
        ))}
      </ul>
      {alone && desk.model.endedAt === null && (
        <div class="empty">
          <Icon name="users" size={24} />
          <h3>
            {desk.model.may("edit") && !desk.model.may("revoke")
              ? "Waiting for the interviewer"
              : "Nobody else is here"}
          </h3>
          {desk.model.may("revoke") ? (
            <>
              <p>Send the candidate their link; they join with it from any browser.</p>
              <button
                type="button"
                class="button primary"
                onClick={() => {
                  desk.sheet.value = "share";
                }}
              >
                <Icon name="share-2" />
                Invite
              </button>
            </>
          ) : (
            <p>You can begin already. Whoever comes later sees everything that is here.</p>
          )}
        </div>
      )}
    </div>
  );
}

function order(a: Person, b: Person): number {
  return Number(b.online) - Number(a.online) || ROLES.indexOf(b.role) - ROLES.indexOf(a.role);
}

function Row({ desk, person }: { desk: Desk; person: Person }) {
  const me = person.id === desk.model.client.person;
  const followed = desk.following.value === person.id;
  return (
    <li class="person-row">
      <Avatar name={person.name} colour={person.colour} away={!person.online} />
      <div class="grow">
        <div class="cut" title={person.name}>
          {person.name}
          {me && <span class="faint"> (you)</span>}
        </div>
        <div class="caption faint cut">
          {person.role} · {presence(desk, person)}
        </div>
      </div>
      {!me && person.online && (
        <button
          type="button"
          class="button plain small"
          aria-pressed={followed}
          onClick={() => desk.follow(person.id)}
        >
          {followed ? "Following" : "Follow"}
        </button>
      )}
      {me && (
        <button
          type="button"
          class="button quiet square small"
          aria-label="Continue on another device"
          title="Continue on another device"
          onClick={() => {
            desk.sheet.value = "device";
          }}
        >
          <Icon name="smartphone" />
        </button>
      )}
      {!me && desk.model.may("remove") && (
        <Menu
          label={`More for ${person.name}`}
          class="button quiet square small"
          choices={[
            { label: "Remove from the room", danger: true, pick: () => void removePerson(desk, person.id) },
          ]}
        >
          <Icon name="ellipsis" />
        </Menu>
      )}
    </li>
  );
}
