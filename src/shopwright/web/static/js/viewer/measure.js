// Two taps on the model tell how far apart they are; a tap near a corner means the corner.
import {
  BufferGeometry, Group, Line, LineBasicMaterial, Mesh, MeshBasicMaterial, Raycaster, SphereGeometry, Vector2, Vector3,
} from "../../vendor/three.module.min.js";

const COLOR = 0xe0314b;
const CORNER_PX = 14;
const STILL_PX = 6; // a finger is never quite still
const MARK_SHARE = 1 / 110; // of the model's size

export class Ruler {
  /** tell(null) when there is nothing, else { points, distance, sides } in millimetres. */
  constructor(scene, canvas, tell) {
    this.scene = scene;
    this.canvas = canvas;
    this.tell = tell;
    this.points = [];
    this.marks = new Group();
    this.isOn = false;
    scene.scene.add(this.marks);
    canvas.addEventListener("pointerdown", (event) => { this.down = [event.clientX, event.clientY]; });
    canvas.addEventListener("pointerup", (event) => this.#tap(event));
  }

  setOn(isOn) {
    this.isOn = isOn;
    this.clear();
  }

  clear() {
    this.points = [];
    this.#show();
  }

  #tap(event) {
    if (!this.isOn || !this.down) return;
    const moved = Math.hypot(event.clientX - this.down[0], event.clientY - this.down[1]);
    if (moved > STILL_PX || event.button > 0) return;
    const point = this.#pick(event);
    if (!point) return;
    this.points = this.points.length === 2 ? [point] : [...this.points, point];
    this.#show();
  }

  #pick({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const at = new Vector2(((clientX - left) / width) * 2 - 1, 1 - ((clientY - top) / height) * 2);
    const ray = new Raycaster();
    ray.setFromCamera(at, this.scene.camera);
    const hit = ray.intersectObjects(this.scene.model.children).find(({ point }) => !this.scene.isCutAway(point));
    if (!hit) return null;
    const { position } = hit.object.geometry.attributes;
    const corners = [hit.face.a, hit.face.b, hit.face.c].map((index) => new Vector3().fromBufferAttribute(position, index));
    const distance = (corner) => {
      const seen = corner.clone().project(this.scene.camera);
      return Math.hypot(((seen.x - at.x) * width) / 2, ((seen.y - at.y) * height) / 2);
    };
    const nearest = corners.filter((corner) => !this.scene.isCutAway(corner)).sort((a, b) => distance(a) - distance(b))[0];
    return nearest && distance(nearest) < CORNER_PX ? nearest : hit.point;
  }

  #show() {
    for (const mark of [...this.marks.children]) { mark.geometry.dispose(); this.marks.remove(mark); }
    for (const point of this.points) {
      const ball = new SphereGeometry(this.scene.sphere.radius * MARK_SHARE, 12, 8);
      const mark = new Mesh(ball, new MeshBasicMaterial({ color: COLOR, depthTest: false }));
      mark.position.copy(point);
      this.marks.add(mark);
    }
    const [one, other] = this.points;
    if (other) {
      const line = new BufferGeometry().setFromPoints([one, other]);
      this.marks.add(new Line(line, new LineBasicMaterial({ color: COLOR, depthTest: false })));
    }
    for (const mark of this.marks.children) mark.renderOrder = 9;
    this.scene.draw();
    this.tell(other ? { distance: one.distanceTo(other), sides: one.clone().sub(other).toArray().map(Math.abs) } : null, this.points.length);
  }
}
